#!/bin/sh
# Prints the certificates of our processes, of MinIO and of the ingress controller, good for two
# years, signed by an authority in ./authority, which is drawn where there is none:
#   deploy/k8s/make-certificates.sh | kubectl apply -f -
# Run it again before they end (docs/runbooks.md). The component cert-manager does the same by itself.
set -eu

authority=${1:-authority}
days=730
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet() { "$@" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }; }
key() { quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1"; }

mkdir -p "$authority"
if [ ! -e "$authority/authority.key" ]; then
  key "$work/authority.key"
  quiet openssl req -x509 -new -key "$work/authority.key" -sha256 -days 3650 \
    -subj '/O=Payesh/CN=Payesh authority' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -out "$work/authority.crt"
  mv "$work/authority.key" "$work/authority.crt" "$authority"
fi
# While one authority takes over from another, those who trust hold both: former.crt.
for file in "$authority/authority.crt" "$authority"/former*.crt; do
  [ ! -e "$file" ] || cat "$file"
done > "$work/ca.crt"

certificate() { # name, usage, names of the server
  key "$work/tls.key"
  quiet openssl req -new -key "$work/tls.key" -subj "/O=Payesh/CN=$1" -out "$work/request"
  cat > "$work/extensions" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $2
subjectAltName = $3
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
  quiet openssl x509 -req -in "$work/request" -sha256 -days "$days" \
    -CA "$authority/authority.crt" -CAkey "$authority/authority.key" \
    -extfile "$work/extensions" -out "$work/tls.crt"
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s-certificate\n' "$1"
  printf '  namespace: payesh\n  labels: {app.kubernetes.io/part-of: payesh}\n'
  printf 'type: kubernetes.io/tls\nstringData:\n'
  for file in ca.crt tls.crt tls.key; do
    printf '  %s: |\n' "$file"
    sed 's/^/    /' "$work/$file"
  done
}

for name in access ingest detect detect-observe plates tickets; do
  certificate "$name" serverAuth "DNS:$name, DNS:$name.payesh.svc, DNS:process.payesh.svc"
done
certificate minio 'serverAuth, clientAuth' \
  'DNS:minio, DNS:minio.payesh.svc, DNS:*.minio-peers.payesh.svc.cluster.local'
certificate ingress clientAuth DNS:ingress.payesh.svc
