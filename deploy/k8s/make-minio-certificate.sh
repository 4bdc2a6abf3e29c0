#!/bin/sh
# Prints the object store's certificate and the authority that signed it, both good for two years:
#   deploy/k8s/make-minio-certificate.sh | kubectl apply -f -
# Run again before they end; then restart MinIO and what reads from it (docs/runbooks.md).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
quiet() { "$@" 2> log || { cat log >&2; exit 1; }; }

quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 730 \
  -subj '/CN=Payesh object store authority' -addext 'keyUsage=critical,keyCertSign' \
  -keyout authority.key -out ca.crt
quiet openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc \
  -subj '/CN=minio' -keyout tls.key -out request
cat > extensions <<'END'
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:minio, DNS:minio.payesh.svc, DNS:*.minio-peers.payesh.svc.cluster.local
END
quiet openssl x509 -req -in request -CA ca.crt -CAkey authority.key -days 730 \
  -extfile extensions -out tls.crt

printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: minio-certificate\n  namespace: payesh\n'
printf '  labels: {app.kubernetes.io/part-of: payesh}\ntype: kubernetes.io/tls\nstringData:\n'
for file in ca.crt tls.crt tls.key; do
  printf '  %s: |\n' "$file"
  sed 's/^/    /' "$file"
done
