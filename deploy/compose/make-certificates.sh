#!/bin/sh
# Draws the certificates of one installation of docker-compose.yml, signed by an authority of its
# own, which is drawn where there is none: deploy/compose/make-certificates.sh [secrets]
# make-secrets.sh runs it. Run it again before they end, after two years (docs/runbooks.md).
set -eu

folder=${1:-secrets}
days=730
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet() { "$@" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }; }
key() { quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1"; }
# Into the file that is there, because containers have that one mounted, whatever its name then
# leads to. Readable by their users, whose numbers the host does not know; on the host only the
# owner can enter the folder.
keep() {
  [ ! -e "$folder/$1" ] || chmod 0600 "$folder/$1"
  cat > "$folder/$1" && chmod 0444 "$folder/$1"
}

mkdir -p "$folder/authority"  # mounted nowhere: keep it offline between two renewals
ca=$folder/authority/authority
if [ ! -e "$ca.key" ] && [ -e "$folder/authority_certificate" ] && [ ! -e "$folder/authority/former.crt" ]; then
  echo "$ca.key is not here: bring it back; another authority would be one that nobody trusts" >&2
  exit 1
fi
if [ ! -e "$ca.key" ]; then
  key "$work/authority.key"
  quiet openssl req -x509 -new -key "$work/authority.key" -sha256 -days 3650 \
    -subj '/O=Payesh/CN=Payesh authority' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -out "$work/authority.crt"
  mv "$work/authority.key" "$ca.key"
  mv "$work/authority.crt" "$ca.crt"
fi
# While one authority takes over from another, those who trust hold both: former.crt.
for file in "$ca.crt" "$folder"/authority/former*.crt; do
  [ ! -e "$file" ] || cat "$file"
done | keep authority_certificate

for name in kafka postgres minio access ingest detect detect-observe plates tickets; do
  key "$work/$name.key"
  quiet openssl req -new -key "$work/$name.key" -subj "/O=Payesh/CN=$name" -out "$work/request"
  cat > "$work/extensions" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:$name, DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
  quiet openssl x509 -req -in "$work/request" -sha256 -days "$days" -CA "$ca.crt" -CAkey "$ca.key" \
    -extfile "$work/extensions" -out "$work/$name.crt"
  if [ "$name" = kafka ]; then
    cat "$work/$name.key" "$work/$name.crt" | keep kafka_keystore
    continue
  fi
  file=$(printf %s "$name" | tr - _)
  keep "${file}_certificate" < "$work/$name.crt"
  keep "${file}_key" < "$work/$name.key"
done
