"""The object store: an async port, and its implementation for any S3 store."""

from payesh.kit.objects.minio_store import MinioObjects
from payesh.kit.objects.port import MIB, ObjectStore

__all__ = ["MIB", "MinioObjects", "ObjectStore"]
