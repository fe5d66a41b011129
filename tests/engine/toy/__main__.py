"""A small program with which the test harness itself is tested: what it makes follows its configuration."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
if config.get_bool("broken"):
    raise ValueError("the toy is broken on purpose")

tags = {"owner": config.get("owner") or "nobody"}
vpc = aws.ec2.Vpc("vpc", cidr_block=config.get("cidr") or "10.0.0.0/16", tags=tags)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", availability_zone_id=config.get("zone") or "eun1-az1")
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="toy", tags=tags)
template = aws.ec2.LaunchTemplate(
    "template",
    name_prefix="toy-",
    instance_type=config.get("machine") or "m7i.large",
    vpc_security_group_ids=[group.id],
)
bucket = aws.s3.Bucket("bucket", bucket_prefix="toy-", opts=pulumi.ResourceOptions(protect=config.get_bool("protect")))
aws.s3.BucketVersioning("versioning", bucket=bucket.bucket, versioning_configuration={"status": config.get("versions") or "Enabled"})
if config.get_bool("gateway"):
    aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)

pulumi.export("zone", subnet.availability_zone)
pulumi.export("version", template.latest_version)
pulumi.export("secret", config.get_secret("secret"))
