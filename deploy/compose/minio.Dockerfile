# MinIO's server and client from their source, as they are no longer published as images. These are
# the versions that our tests run. Build: docker build -f deploy/compose/minio.Dockerfile deploy/compose
# GO_DIGEST and BUSYBOX_DIGEST pin the base images: @sha256:... of the tags below.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG GO_DIGEST=
ARG BUSYBOX_IMAGE=busybox:1.37.0
ARG BUSYBOX_DIGEST=
FROM ${GO_IMAGE}${GO_DIGEST} AS build
ENV CGO_ENABLED=0 GOBIN=/out GOFLAGS=-ldflags=-s
RUN go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c \
    && go install github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9

FROM ${BUSYBOX_IMAGE}${BUSYBOX_DIGEST}
COPY --from=build /out/minio /out/mc /usr/local/bin/
# A new volume mounted at /data belongs to whom this folder belongs.
RUN mkdir /data && chown 10001:10001 /data
ENV HOME=/tmp PATH=/usr/local/bin:/bin
USER 10001:10001
EXPOSE 9000
ENTRYPOINT ["minio"]
