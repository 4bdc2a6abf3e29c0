"""Real servers for the local stack and the tests, each a child process on loopback."""

from payesh.local.engines.buckets import create_buckets
from payesh.local.engines.kafka import KafkaBroker
from payesh.local.engines.minio_server import MinioServer
from payesh.local.engines.postgres import Postgres
from payesh.local.engines.process import (
    Engine,
    EngineDied,
    EngineError,
    EngineNotReady,
    EngineUnavailable,
)
from payesh.local.engines.seaweed import SeaweedStore
from payesh.local.engines.sets import Addresses, EngineSet, LocalEngines, ProductionEngines
from payesh.local.engines.tansu import S3Storage, TansuBroker

__all__ = [
    "Addresses",
    "Engine",
    "EngineDied",
    "EngineError",
    "EngineNotReady",
    "EngineSet",
    "EngineUnavailable",
    "KafkaBroker",
    "LocalEngines",
    "MinioServer",
    "Postgres",
    "ProductionEngines",
    "S3Storage",
    "SeaweedStore",
    "TansuBroker",
    "create_buckets",
]
