"""Prometheus's rules ask for metrics that the services have."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import payesh.access.metrics
import payesh.kit.metrics  # noqa: F401
from tests.deploy.container import ROOT

RULES = sorted((ROOT / "deploy/alerts").glob("*.yaml"))


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]


def test_every_rule_asks_for_metrics_that_there_are() -> None:
    families = [family.name for family in REGISTRY.collect()]
    known = {name + ending for name in families for ending in ("", "_total", "_bucket")}
    assert rules()
    for rule in rules():
        asked = set(re.findall(r"payesh_\w+", rule["expr"]))
        assert asked and asked <= known, rule["alert"]
        assert rule["annotations"]["summary"] and rule["labels"]["severity"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH")
def test_prometheus_accepts_the_rules() -> None:
    for path in RULES:
        subprocess.run(["promtool", "check", "rules", str(path)], check=True, capture_output=True)
