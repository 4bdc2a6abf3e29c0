"""The buckets of `payesh.local.engines.buckets` as a script of MinIO's client, for production."""

from payesh.local.engines.buckets import BUCKETS, ENTITLEMENTS, Bucket, policy

_HEADER = """\
#!/bin/sh
# Generated from payesh.local.engines.buckets: make generate
# Buckets with their lock and lifetime, and one user a service. Run again it brings in line what
# is there. $MINIO_URL is the server's address; the secrets lie in $SECRETS.
set -eu

SECRETS=${SECRETS:-/run/secrets}
MC_HOST_payesh="${MINIO_URL%%://*}://$(cat "$SECRETS/minio_root_user"):\\
$(cat "$SECRETS/minio_root_password")@${MINIO_URL#*://}"
export MC_HOST_payesh

expire() { # bucket, days; replaces the bucket's rules
  printf '{"Rules":[{"ID":"expire","Status":"Enabled","Expiration":{"Days":%s}}]}' "$2" |
    mc --quiet ilm rule import "payesh/$1"
}

must_lock() { # a lock can only be switched on when a bucket is made
  case $(mc stat --json "payesh/$1") in
    *'"ObjectLock":{"enabled":"Enabled"'*) ;;
    *) echo "bucket $1 exists without object lock" >&2 && exit 1 ;;
  esac
}

user() { # name, policy
  printf '%s' "$2" > "/tmp/$1.json"
  mc --quiet admin policy create payesh "$1" "/tmp/$1.json"
  mc --quiet admin user add payesh "$1" "$(cat "$SECRETS/$1_s3_secret_key")"
  case $(mc admin user info --json payesh "$1") in
    *"\\"policyName\\":\\"$1\\""*) ;;
    *) mc --quiet admin policy attach payesh "$1" --user "$1" ;;
  esac
}

"""


def bucket_script() -> str:
    """What the bucket job of compose and of Kubernetes runs."""
    lines = [line for bucket in BUCKETS for line in _bucket(bucket)]
    lines += [f"user {name} '{policy(rights)}'" for name, rights in ENTITLEMENTS.items()]
    return _HEADER + "\n".join(lines) + "\n"


def _bucket(bucket: Bucket) -> list[str]:
    lock = " --with-lock" if bucket.object_lock else ""
    lines = [f"mc --quiet mb --ignore-existing{lock} payesh/{bucket.name}"]
    if bucket.object_lock:
        lines.append(f"must_lock {bucket.name}")
    elif bucket.versioned:
        lines.append(f"mc --quiet version enable payesh/{bucket.name}")
    if bucket.expires_after_days is not None:
        lines.append(f"expire {bucket.name} {bucket.expires_after_days}")
    return lines
