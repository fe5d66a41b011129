"""A small program with which the test harness itself is tested: what it makes follows its configuration."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
if config.get_bool("broken"):
    raise ValueError("the toy is broken on purpose")

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"owner": config.get("owner") or "nobody"})
place = pulumi.ComponentResource("toy:index:Place", "place")
subnet = aws.ec2.Subnet(
    "subnet",
    vpc_id=vpc.id,
    cidr_block="10.0.0.0/24",
    availability_zone_id="eun1-az1",
    opts=pulumi.ResourceOptions(parent=place),
)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description=config.get("purpose") or "a toy")
template = aws.ec2.LaunchTemplate(
    "template",
    name_prefix="toy-",
    instance_type=config.get("machine") or "m7i.large",
    vpc_security_group_ids=[group.id],
)
bucket = aws.s3.Bucket("bucket", bucket_prefix="toy-", opts=pulumi.ResourceOptions(protect=config.get_bool("protect")))
versions = aws.s3.BucketVersioningVersioningConfigurationArgs(status=config.get("versions") or "Enabled")
aws.s3.BucketVersioning("versioning", bucket=bucket.bucket, versioning_configuration=versions)
if given := config.get("given"):
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    aws.iam.Role("role", name=given, path=config.get("path") or "/", assume_role_policy=json.dumps(trust))

pulumi.export("zone", subnet.availability_zone)
pulumi.export("version", template.latest_version)
if secret := config.get_secret("secret"):
    pulumi.export("secret", secret)
