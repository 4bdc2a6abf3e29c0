# MinIO's own image runs as root; this one starts as a user to whom a new volume belongs.
FROM busybox:1.37.0 AS volume
RUN mkdir /data && chown 10001:10001 /data

FROM minio/minio:RELEASE.2025-09-07T16-13-09Z
COPY --from=volume /data /data
USER 10001:10001
