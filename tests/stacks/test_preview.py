"""`make preview`: what would be made, without the Pulumi program, a cloud or an account."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest
from mocks import BOUGHT, ENVIRONMENTS, ROOT, plan_of
from ruamel.yaml import YAML

from stacks.aws.rules import InvalidInput
from stacks.preview import documents, main, preview, read_config, rows, table
from stacks.settings import load_settings

SECRET = "nobody@example.org"  # noqa: S105


class Site(pulumi.ComponentResource):
    def __init__(self, name: str, subnets: int = 1) -> None:
        super().__init__("groundplan:aws:Site", name)
        child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(f"{name}-vpc", opts=pulumi.ResourceOptions(parent=self, protect=True))
        for number in range(subnets):
            aws.ec2.Subnet(f"{name}-{number}", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=child)
        aws.iam.Role(f"{name}-role", assume_role_policy=pulumi.Output.json_dumps({"vpc": vpc.arn}), opts=child)
        aws.ec2.LaunchTemplate(
            f"{name}-template", user_data=base64.b64encode(b"first line\nsecond line\n").decode(), opts=child
        )
        email = pulumi.Config("groundplan").get_secret("budgetEmail")
        aws.sns.TopicSubscription(f"{name}-mail", topic="t", protocol="email", endpoint=email, opts=child)
        self.register_outputs({})
        pulumi.export("told", email)
        pulumi.export("vpc", vpc.id)


def two_sites() -> None:
    load_settings()
    Site("network", subnets=12)
    Site("cluster")


def one_site() -> None:
    Site("network")


def read(path: Path) -> object:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with the plan of dev and a secret in its configuration."""
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "dev.json").write_bytes((ROOT / "plans" / "dev.json").read_bytes())
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "encryptionsalt: v1:x\nconfig:\n  aws:region: us-east-2\n  groundplan:budgetEmail:\n    secure: v1:abc\n",
        encoding="utf-8",
    )
    return tmp_path


def test_the_table_sums_up_resources_and_the_plans_costs(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", "--output", str(tmp_path / "out")], project, two_sites) == 0
    out = capsys.readouterr().out
    cloud = plan_of("dev").cloud
    assert cloud is not None
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert lines["network"][1] == "16"
    assert lines["cluster"][1] == "5"
    assert lines["cluster"][-1] == "73"
    assert "12 Subnet" in out
    assert lines["total"] == ["total", "21", f"{cloud.monthly_usd:,.0f}"]
    # Costs of components that this program does not make are not lost.
    assert lines["lustre"][1:] == ["0", "174"]


def test_the_table_fits_80_columns_without_colour(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["dev", "--output", str(tmp_path / "out")], project, two_sites)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines() if "Every resource" not in line) <= 80


def test_many_types_are_wrapped_below_each_other() -> None:
    def program() -> None:
        aws.ec2.Vpc("a")
        aws.ec2.Eip("a")
        aws.ec2.LaunchTemplate("a")
        aws.ec2.PlacementGroup("a", strategy="cluster")
        for name in ("a", "b"):
            aws.ec2.RouteTable(name, vpc_id="v")
            aws.ec2.Subnet(name, vpc_id="v")

    lines = table(rows(preview(ROOT, "dev", program), None), "t").splitlines()
    assert max(map(len, lines)) <= 80
    first = next(number for number, line in enumerate(lines) if line.startswith("(stack)"))
    # A number stays with what it counts.
    assert lines[first].split()[1:-1] == ["8", "Eip,", "LaunchTemplate,", "PlacementGroup,"]
    assert lines[first + 1].split() == ["2", "RouteTable,", "2", "Subnet,", "Vpc"]


def test_every_resource_is_written_with_inputs_and_options(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["dev", "--output", str(out)], project, two_sites)
    assert {path.name for path in out.iterdir()} == {"network.yaml", "cluster.yaml", "outputs.yaml"}
    written = read(out / "cluster.yaml")
    assert isinstance(written, list)
    assert written[0] == {"type": "groundplan:aws:Site", "name": "cluster"}
    by_name = {each["name"]: each for each in written}
    assert len(written) == len(by_name) == 6
    assert by_name["cluster-vpc"]["options"] == {"protect": True}
    assert by_name["cluster-0"]["inputs"] == {"cidrBlock": "10.0.0.0/24", "vpcId": "<cluster/vpc.id>"}
    # What a person could not read is laid out: a difference can be reviewed.
    assert by_name["cluster-template"]["inputs"]["userData"] == "first line\nsecond line\n"
    assert by_name["cluster-role"]["inputs"]["assumeRolePolicy"] == '{\n  "vpc": "<cluster/vpc.arn>"\n}\n'
    assert "|" in (out / "cluster.yaml").read_text(encoding="utf-8")


def test_secrets_are_shown_nowhere(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = ["dev", "--output", str(out), "--config", f"groundplan:budgetEmail={SECRET}"]
    assert main([*arguments, "--json"], project, two_sites) == 0
    printed = capsys.readouterr()
    everything = printed.out + printed.err + "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    assert SECRET not in everything
    assert read(out / "outputs.yaml") == {"told": "[secret]", "vpc": "<cluster/vpc.id>"}
    # An encrypted value cannot be read; what stands for it is a secret as well, and shows where it is not treated as one.
    main(["dev", "--output", str(out)], project, two_sites)
    assert read(out / "outputs.yaml") == {"told": "[secret]", "vpc": "<cluster/vpc.id>"}
    config, secrets = read_config(project, "dev")
    assert (config["groundplan:budgetEmail"], secrets) == ("<secret groundplan:budgetEmail>", ("groundplan:budgetEmail",))


def test_configuration_is_handed_over_as_the_engine_does(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(
        "config:\n  aws:region: r\n  own: true\n  groundplan:many: [1, b]\n  groundplan:map: {a: {secure: z}}\n",
        encoding="utf-8",
    )
    config, secrets = read_config(tmp_path, "x")
    assert config == {
        "aws:region": "r",
        "groundplan:own": "true",
        "groundplan:many": '[1, "b"]',
        "groundplan:map": "<secret groundplan:map>",
    }
    assert secrets == ("groundplan:map",)


def test_json_has_the_components_resources_and_outputs(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["dev", "--output", str(tmp_path / "out"), "--json"], project, two_sites)
    whole = json.loads(capsys.readouterr().out)
    assert (whole["stack"], whole["resources_count"]) == ("dev", 21)
    network = whole["components"][0]
    assert (network["name"], network["kinds"]["Subnet"]) == ("network", 12)
    assert len(whole["resources"]) == 23
    assert whole["outputs"]["vpc"] == "<cluster/vpc.id>"


def test_what_an_earlier_preview_left_goes_and_nothing_else(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["dev", "--output", str(out)], project, two_sites)
    (out / "mine.yaml").write_text("mine: true\n", encoding="utf-8")
    main(["dev", "--output", str(out)], project, one_site)
    assert {path.name for path in out.iterdir()} == {"network.yaml", "outputs.yaml", "mine.yaml"}


def test_the_same_is_written_every_time(project: Path) -> None:
    first, second = (documents(preview(project, "dev", two_sites)) for _ in range(2))
    assert first == second
    assert list(first) == list(second)


def test_everything_that_speaks_against_it_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  groundplan:gpuNodes: perhaps\n", encoding="utf-8")
    assert main(["dev", "--output", str(tmp_path / "out")], tmp_path, two_sites) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "groundplan:gpuNodes must be on, off or scheduled" in told.err
    assert "plans/dev.json is missing" in told.err
    assert not (tmp_path / "out").exists()


def test_what_the_cloud_would_refuse_is_told_as_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def program() -> None:
        raise InvalidInput(["the name is too long", "the layout is wrong"])

    assert main(["dev"], project, program) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["  - the name is too long", "  - the layout is wrong"]


def test_a_broken_configuration_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {a: [\n", encoding="utf-8")
    assert main(["dev"], tmp_path, two_sites) == 1
    assert "Pulumi.dev.yaml:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: environment"),
        (["prd"], "there is no stack 'prd': did you mean prod?"),
        (["../dev"], "there is no stack"),
        (["dev", "--config", "novalue"], "is not KEY=VALUE"),
        (["dev", "--colour"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_leave_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments, ROOT, two_sites)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_expansion_is_the_reviewed_one(environment: str, request: pytest.FixtureRequest) -> None:
    texts = documents(preview(ROOT, environment, given=BOUGHT.get(environment)))
    folder = ROOT / "tests" / "golden" / "preview" / environment
    if request.config.getoption("--update-golden"):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.yaml"):
            old.unlink()
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")} == texts, (
        "review the change, then: make golden"
    )


def test_every_golden_expansion_has_its_environment() -> None:
    assert {path.name for path in (ROOT / "tests" / "golden" / "preview").iterdir()} == set(ENVIRONMENTS)


def test_the_command_previews_dev_as_a_user_would(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "stacks.preview", "dev", "--output", str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    warned = "groundplan:clusterAdmins names nobody: the cluster will stand, but no person can enter it\n"
    assert (ran.returncode, ran.stderr) == (0, warned)
    assert "total" in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines() if "Every resource" not in line) <= 80
    assert (tmp_path / "out" / "network.yaml").is_file()


def test_prod_is_previewed_before_its_capacity_block_is_bought(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["prod", "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "cr-00000000000000000 stands for the capacity block of gpu, which is not named yet" in said.err
    assert "capacityReservationId: cr-00000000000000000" in (tmp_path / "out" / "gpu.yaml").read_text(encoding="utf-8")
