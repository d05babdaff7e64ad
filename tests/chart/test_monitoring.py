"""Alerts and dashboard: what they ask for exists, and each alert fires when it should and is quiet when all is well."""

import json
import os
import re
import subprocess

import pytest
import yaml
from support import CHART, EXTERNAL, ROOT, named, render, variant

TARGET = 'namespace="default",job="pettrack-metrics"'
OTHERS = {"kube_cronjob_status_last_successful_time", "up"}  # of kube-state-metrics, and of Prometheus itself
LABELS = {"namespace", "job", "pod", "program", "component", "cronjob", "le"}  # beside those of the programs' own


def promtool(*arguments):
    return subprocess.run([os.environ["PETTRACK_PROMTOOL"], *arguments], capture_output=True, text=True, timeout=300)


def rules(**values):
    objects = render(EXTERNAL, {"prometheusRule": {"enabled": True, **values}})
    return named(objects, "PrometheusRule", "pettrack")["spec"]


def alerts(**values):
    return {rule["alert"]: rule for group in rules(**values)["groups"] for rule in group["rules"]}


def dashboard():
    objects = render(EXTERNAL, {"dashboard": {"enabled": True}})
    return json.loads(named(objects, "ConfigMap", "pettrack-dashboard")["data"]["pettrack.json"])


def panels():
    return [p for p in dashboard()["panels"] if p["type"] != "row"]


def expressions():
    """(where, PromQL) of everything that is asked."""
    found = [(name, rule["expr"]) for name, rule in alerts().items()]
    for panel in panels():
        for target in panel["targets"]:
            expr = target["expr"].replace("$__rate_interval", "5m").replace("$namespace", "a").replace("$job", "b")
            found.append((panel["title"], expr))
    return found


# ---- what is asked exists ----


def sources():
    return "\n".join(p.read_text() for d in ("auth", "ingest", "query", "lib") for p in sorted((ROOT / d).rglob("*.c")))


def metrics(text):
    """Names that the programs register, with those that a histogram is made of."""
    names = set(re.findall(r'"(pettrack_[a-z0-9_]+)', text)) | set(re.findall(r"\b(process_[a-z0-9_]+)\b", text))
    histograms = set(re.findall(r'histogram\(\s*"(pettrack_[a-z0-9_]+)"', text))
    return names | {f"{h}_{part}" for h in histograms for part in ("bucket", "sum", "count")} | OTHERS


def test_metrics_exist():
    known = metrics(sources())
    assert "pettrack_gateway_ack_seconds_bucket" in known
    for where, expr in expressions():
        asked = set(
            re.findall(r"\b((?:pettrack|process|kube)_[a-z0-9_]+|up)\b(?=[{\[ )]|$)", re.sub(r'"[^"]*"', '""', expr))
        )
        assert asked, f"{where}: {expr}"
        assert asked <= known, f"{where}: {asked - known}"


def test_labels_exist():
    text = sources()
    for where, expr in expressions():
        bare = re.sub(r'"[^"]*"', '""', expr)
        asked = set(re.findall(r'(\w+)\s*(?:=|!=|=~|!~)""', bare))
        asked |= {label.strip() for by in re.findall(r"by \(([^)]*)\)", bare) for label in by.split(",")}
        for label in asked - LABELS:
            known = f'"{label}"' in text or f"{{{label}=" in text
            assert known, f"{where}: {label}"


def test_reasons_exist():
    """Values of labels that alerts look for are those that the programs give."""
    text = sources()
    for where, expr in expressions():
        for value in re.findall(r'(?:reason|result|dependency|state)!?="([^"]*)"', expr):
            known = f'"{value}"' in text
            assert known, f"{where}: {value}"


@pytest.mark.parametrize("variable", ["namespace", "job"])
def test_the_dashboard_asks_for_one_release(variable):
    for panel in panels():
        for target in panel["targets"]:
            selectors = re.findall(r"\{[^}]*\}", target["expr"])
            assert selectors and all(f'{variable}="${variable}"' in s for s in selectors), panel["title"]


def test_the_dashboard_is_whole():
    board = dashboard()
    ids = [p["id"] for p in board["panels"]]
    assert len(ids) == len(set(ids)) and len(panels()) > 30
    assert {v["name"] for v in board["templating"]["list"]} == {"datasource", "namespace", "job"}
    taken = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, f"{panel['title']}: on top of another"
        taken |= cells


def test_everything_parses(tmp_path):
    """By Prometheus' own parser; the dashboard's expressions as recording rules."""
    asked = [{"record": f"test:{n}", "expr": expr} for n, (_, expr) in enumerate(expressions())]
    for name, groups in (("rules", rules()["groups"]), ("dashboard", [{"name": "dashboard", "rules": asked}])):
        file = tmp_path / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"groups": groups}))
        run = promtool("check", "rules", "--lint=all", "--lint-fatal", file)
        assert run.returncode == 0, run.stdout + run.stderr


# ---- alerts ----


def test_alerts_are_explained():
    page = (ROOT / "docs/OPERATIONS.md").read_text()
    for name, rule in alerts(runbookUrl="https://example.org/OPERATIONS.md").items():
        assert re.search(rf"^#+ {name}$", page, re.M), f"docs/OPERATIONS.md does not tell what {name} means"
        assert rule["annotations"]["runbook_url"] == f"https://example.org/OPERATIONS.md#{name.lower()}"
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_alerts_can_be_chosen():
    chosen = alerts(
        disabled=["PettrackDown", "PettrackRetentionLate"], severities={"critical": "page"}, writerLag=5000000
    )
    assert set(alerts()) - set(chosen) == {"PettrackDown", "PettrackRetentionLate"}
    assert {r["labels"]["severity"] for r in chosen.values()} == {"page", "warning"}
    assert chosen["PettrackWriterLag"]["expr"].endswith("> 5000000")


def test_services_are_scraped_by_the_name_that_alerts_use():
    monitor = named(variant("production"), "ServiceMonitor", "pettrack-metrics")
    service = named(variant("production"), "Service", "pettrack-metrics")
    labels = service["metadata"]["labels"]
    assert all(labels[k] == v for k, v in monitor["spec"]["selector"]["matchLabels"].items())
    assert "jobLabel" not in monitor["spec"], "so that the job is the Service's name"
    assert f'job="{service["metadata"]["name"]}"' in TARGET
    others = [o for o in variant("production") if o["kind"] == "Service" and o is not service]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    assert not any(all(o["metadata"]["labels"].get(k) == v for k, v in wanted) for o in others)


def series(name, values, **labels):
    given = ",".join(f'{k}="{v}"' for k, v in labels.items())
    return {"series": f"{name}{{{TARGET}{',' if given else ''}{given}}}", "values": values}


def histogram(name, seconds, **labels):
    """One that gets a value of so many seconds every second, in a bucket that ends there."""
    below = series(f"{name}_bucket", "0x240", **labels, le=str(seconds / 10))
    return [below, *(series(f"{name}_bucket", "0+60x240", **labels, le=le) for le in (str(seconds), "+Inf"))]


ALL_UP = [series("up", "1x240", program=p, pod=f"{p}-0") for p in ("auth", "gateway", "writer", "query")]
WELL = [
    *ALL_UP,
    *(series("pettrack_ready", "1x240", program=p, pod=f"{p}-0") for p in ("auth", "gateway", "writer", "query")),
    series("pettrack_dependency_up", "1x240", program="gateway", pod="gateway-0", dependency="kafka"),
    series("process_start_time_seconds", "1000x120 2000x120", pod="gateway-0"),
    series("process_open_fds", "100x240", pod="gateway-0"),
    series("process_max_fds", "1000x240", pod="gateway-0"),
    series("pettrack_gateway_positions_total", "0+600x240", protocol="osmand"),
    series("pettrack_gateway_frames_total", "0+600x240", protocol="osmand"),
    series("pettrack_gateway_refused_total", "0+6x240", protocol="osmand", reason="bad_frame"),
    series("pettrack_gateway_refused_total", "0x240", protocol="osmand", reason="unavailable"),
    series("pettrack_gateway_connections_refused_total", "0x240", pod="gateway-0", reason="connections"),
    series("pettrack_gateway_datagrams_dropped_total", "0x240", pod="gateway-0", reason="full"),
    *histogram("pettrack_gateway_ack_seconds", 0.1, protocol="osmand"),
    series("pettrack_writer_lag", "-1 200x240", pod="writer-0"),
    series("pettrack_writer_positions_total", "0+600x240", pod="writer-0"),
    series("pettrack_writer_duplicates_total", "0x240", pod="writer-0"),
    series("pettrack_writer_contacts_total", "0x240", pod="writer-0"),
    *histogram("pettrack_writer_age_seconds", 1),
    series("pettrack_auth_events_failed_total", "0x240"),
    series("pettrack_auth_hash_waiting", "2x240", pod="auth-0"),
    series("pettrack_auth_logins_total", "0+600x240", result="ok"),
    series("pettrack_auth_logins_total", "0+120x240", result="invalid"),
    series("pettrack_http_requests_total", "0+600x240", program="query", route="/v1/latest", status="200"),
    series("pettrack_http_requests_total", "0+6x240", program="query", route="/v1/latest", status="500"),
    series("pettrack_http_requests_total", "0+60x240", program="query", route="/readyz", status="503"),
    *histogram("pettrack_http_request_seconds", 0.1, program="query", route="/v1/latest"),
    *histogram("pettrack_live_delivery_seconds", 0.1),
    series("pettrack_live_refused_total", "0x240", pod="query-0", reason="connections"),
    series("pettrack_live_strays_total", "0x240"),
    {
        "series": 'kube_cronjob_status_last_successful_time{namespace="default",cronjob="pettrack-retention"}',
        "values": "0+60x240",
    },
]
# What is wrong, in place of what WELL has of the same metric; the minute at which it is looked at; who is told.
WRONG = {
    "PettrackDown": (
        [series("up", "1x60 0x60", program=p, pod=f"{p}-0") for p in ("auth", "gateway", "writer", "query")],
        70,
        4,
    ),
    "PettrackMissing": ([s for s in ALL_UP if "writer" not in s["series"]], 20, 1),
    "PettrackNotReady": ([series("pettrack_ready", "0x60", program="query", pod="query-0")], 20, 1),
    "PettrackRestarts": ([series("process_start_time_seconds", "0+1x60", pod="gateway-0")], 30, 1),
    "PettrackDependencyDown": (
        [
            series("pettrack_dependency_up", "0x60", program=p, pod=f"{p}-0", dependency="mongodb")
            for p in ("auth", "writer")
        ],
        5,
        2,
    ),
    "PettrackFileDescriptors": ([series("process_open_fds", "900x60", pod="gateway-0")], 20, 1),
    "PettrackGatewaySilent": (
        [series("pettrack_gateway_positions_total", "0+600x90 54000x120", protocol="osmand")],
        120,
        1,
    ),
    "PettrackGatewayUnavailable": (
        [series("pettrack_gateway_refused_total", "0+60x60", protocol="osmand", reason="unavailable")],
        20,
        1,
    ),
    "PettrackGatewayRefusals": (
        [series("pettrack_gateway_refused_total", "0+600x60", protocol="osmand", reason="bad_frame")],
        40,
        1,
    ),
    "PettrackGatewayAckSlow": (histogram("pettrack_gateway_ack_seconds", 5, protocol="osmand"), 30, 1),
    "PettrackGatewayFull": (
        [
            series("pettrack_gateway_connections_refused_total", "0+6x60", pod="gateway-0", reason="address"),
            series("pettrack_gateway_datagrams_dropped_total", "0+6x60", pod="gateway-0", reason="kernel"),
            series("pettrack_gateway_datagrams_dropped_total", "0+6x60", pod="gateway-0", reason="answer"),
        ],
        20,
        2,
    ),
    "PettrackWriterStalled": ([series("pettrack_writer_positions_total", "600x60", pod="writer-0")], 30, 1),
    "PettrackWriterLag": ([series("pettrack_writer_lag", "60000x60", pod=f"writer-{n}") for n in (0, 1)], 30, 1),
    "PettrackWriterSlow": (histogram("pettrack_writer_age_seconds", 300), 40, 1),
    "PettrackWriterPoison": (
        [series("pettrack_writer_poison_total", "0x20 1x10", pod="writer-0", reason="decode")],
        25,
        1,
    ),
    "PettrackAuthEvents": ([series("pettrack_auth_events_failed_total", "0+6x60")], 40, 1),
    "PettrackAuthBusy": ([series("pettrack_auth_hash_waiting", "30x60", pod="auth-0")], 20, 1),
    "PettrackAuthGuessing": ([series("pettrack_auth_logins_total", "0+600x60", result="invalid")], 40, 1),
    "PettrackRestErrors": (
        [series("pettrack_http_requests_total", "0+60x60", program="query", route="/v1/latest", status="503")],
        30,
        1,
    ),
    "PettrackRestSlow": (histogram("pettrack_http_request_seconds", 5, program="query", route="/v1/latest"), 30, 1),
    "PettrackLiveSlow": (histogram("pettrack_live_delivery_seconds", 10), 30, 1),
    "PettrackLiveFull": ([series("pettrack_live_refused_total", "0+6x60", pod="query-0", reason="address")], 20, 1),
    "PettrackLiveStrays": ([series("pettrack_live_strays_total", "0x20 3x10")], 25, 1),
    "PettrackRetentionLate": (
        [
            {
                "series": 'kube_cronjob_status_last_successful_time{namespace="default",cronjob="pettrack-retention"}',
                "values": "0x6000",
            }
        ],
        5000,
        1,
    ),
}


def case(name, given, minute, firing):
    told = [{"labels": "{}", "value": firing}] if firing else []
    expr = f'count(ALERTS{{alertstate="firing",alertname="{name}"}})' if name else 'ALERTS{alertstate="firing"}'
    return {
        "name": name or "nothing",
        "interval": "1m",
        "input_series": given,
        "promql_expr_test": [{"expr": expr, "eval_time": f"{minute}m", "exp_samples": told}],
    }


def run_cases(tmp_path, cases):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": rules()["groups"]}))
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": cases}))
    run = promtool("test", "rules", file)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_alert_fires(tmp_path):
    assert set(WRONG) == set(alerts())
    cases = []
    for name, (wrong, minute, firing) in WRONG.items():
        metrics_of = {s["series"].split("{")[0] for s in wrong}
        given = [s for s in WELL if s["series"].split("{")[0] not in metrics_of]
        if name == "PettrackAuthGuessing":
            given.append(series("pettrack_auth_logins_total", "0+60x60", result="ok"))
        if name.startswith("PettrackRestErrors"):
            given.append(
                series("pettrack_http_requests_total", "0+600x60", program="query", route="/v1/latest", status="200")
            )
        if name == "PettrackGatewayUnavailable":
            given.append(series("pettrack_gateway_refused_total", "0x60", protocol="osmand", reason="bad_frame"))
        cases.append(case(name, given + wrong, minute, firing))
    run_cases(tmp_path, cases)


@pytest.mark.parametrize("minute", [30, 120, 230])
def test_all_is_quiet_when_all_is_well(tmp_path, minute):
    run_cases(tmp_path, [case(None, WELL, minute, 0)])


def test_another_release_is_not_looked_at(tmp_path):
    elsewhere = [
        {**s, "series": s["series"].replace("pettrack-metrics", "other-metrics")} for s in WRONG["PettrackNotReady"][0]
    ]
    run_cases(tmp_path, [case("PettrackNotReady", WELL + elsewhere, 20, 0)])


def test_files_are_in_the_chart():
    assert {p.name for p in (CHART / "files").iterdir()} == {"alerts.yaml", "dashboard.json", "settings.json"}
