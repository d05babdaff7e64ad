"""docs/OPERATIONS.md agrees with the programs and with the chart."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PETTRACK_BUILD") or ROOT / "build").resolve()
HELM = os.environ.get("PETTRACK_HELM") or "helm"
DOCUMENT = ROOT / "docs/OPERATIONS.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
RULES = yaml.safe_load((ROOT / "charts/pettrack/files/alerts.yaml").read_text(encoding="utf-8"))
ALERTS = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]


def anchors(text):
    """What GitHub makes of a document's headings."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def section(title):
    """The text under a heading, up to the next one."""
    return re.search(rf"^### {title}\n(.*?)(?=^#)", TEXT, re.M | re.S).group(1)


def test_settings_metrics_and_sizing_are_those_of_the_programs():
    command = [sys.executable, ROOT / "tools/dev/reference.py", BUILD, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_its_section():
    under_alerts = re.search(r"^## Alerts\n(.*?)(?=^## )", TEXT, re.M | re.S).group(1)
    assert re.findall(r"^### (.*)$", under_alerts, re.M) == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_it_means_and_what_to_do(alert):
    means, *steps = section(alert).strip().split("\n- ")
    assert len(means) > 30
    assert steps, "nothing to do"


def test_the_runbook_of_an_alert_is_its_section():
    """What the chart renders links there, for whoever says where the document is."""
    chart, url = ROOT / "charts/pettrack", "https://example.org/docs/OPERATIONS.md"
    command = [HELM, "template", "pettrack", chart, "--values", chart / "values-production.yaml"]
    command += ["--set", f"prometheusRule.runbookUrl={url}"]
    rendered = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    (rule,) = [made for made in yaml.safe_load_all(rendered) if made and made["kind"] == "PrometheusRule"]
    rules = [alert for group in rule["spec"]["groups"] for alert in group["rules"]]
    assert [alert["alert"] for alert in rules] == ALERTS
    for alert in rules:
        link, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert link == url
        assert anchor in anchors(TEXT)


def test_the_metrics_of_alerts_are_in_the_reference():
    reference = set(re.findall(r"^\| `((?:pettrack|process)_\w+)` \|", TEXT, re.M))
    expressions = " ".join(rule["expr"] for group in RULES["groups"] for rule in group["rules"])
    used = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\b(?:pettrack|process)_\w+", expressions)}
    assert used
    assert used - reference == set()


def test_metrics_and_settings_in_the_text_exist():
    prose = re.sub(r"<!-- (?:settings|metrics): .*?<!-- end -->", "", TEXT, flags=re.S)
    listed = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))
    named = set(re.findall(r"`(pettrack_\w+)(?:\{[^`]*)?`", prose))
    named |= set(
        re.findall(r"`((?:AUTH|GATEWAY|WRITER|QUERY|LIVE|KAFKA|MONGODB|OPS|LOG|RETENTION)_[A-Z_]+)(?:=\S+)?`", prose)
    )
    assert named
    assert named - listed == set()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        found = (DOCUMENT.parent / file).resolve() if file else DOCUMENT
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text(encoding="utf-8")), target


def test_files_that_the_text_names_exist():
    for path in re.findall(r"`((?:tests|tools|charts|docs|\.github)/[\w./-]+)`", TEXT):
        assert (ROOT / path).exists(), path
