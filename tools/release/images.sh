#!/usr/bin/env bash
#
# images.sh build TAG             makes pettrack-NAME:TAG of each program
# images.sh size TAG              each is smaller than PETTRACK_IMAGE_MAX_MB (120)
# images.sh push TAG REGISTRY     pushes them, and prints "auth=sha256:... gateway=sha256:..." on one line: an image is
#                                 deployed by its digest, for a tag may be moved
#
# Log in before a push: docker login --password-stdin.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"

build() {
	local name created revision
	created=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	revision=$(git -C "$root" rev-parse HEAD)
	for name in "${programs[@]}"; do
		docker build --file "$root/compose/Dockerfile" --target "$name" --tag "pettrack-$name:$1" \
			--build-arg "VERSION=$1" --build-arg "REVISION=$revision" --build-arg "CREATED=$created" \
			--build-arg "SOURCE=${PETTRACK_SOURCE_URL:-}" "$root"
	done
}

size() {
	local name bytes max=${PETTRACK_IMAGE_MAX_MB:-120} large=''
	for name in "${programs[@]}"; do
		bytes=$(docker image inspect --format '{{.Size}}' "pettrack-$name:$1")
		printf '%-18s %4d MB\n' "pettrack-$name" $((bytes / 1000000))
		[ "$bytes" -lt $((max * 1000000)) ] || large+=" $name"
	done
	[ -z "$large" ] || die "not under $max MB:$large"
}

push() {
	local name digests=()
	for name in "${programs[@]}"; do
		push_one "pettrack-$name" "$1" "$2" >&2
		digests+=("$name=$(digest_of "pettrack-$name" "$2")")
	done
	printf '%s\n' "${digests[*]}"
}

push_one() {
	docker tag "$1:$2" "$3/$1:$2"
	docker push "$3/$1:$2"
}

# digest_of IMAGE REGISTRY - what the registry answered to the push: docker keeps it with the image.
digest_of() {
	local of digest
	of=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$2/$1:$tag")
	digest=$(sed -n "s|^$2/$1@||p" <<<"$of")
	is_digest "$digest" || die "no digest of $2/$1:$tag, but: $of"
	printf '%s' "$digest"
}

tag=${2:-}
case ${1:-}-$# in
build-2) build "$tag" ;;
size-2) size "$tag" ;;
push-3) push "$tag" "$3" ;;
*) usage 'build|size TAG, or push TAG REGISTRY' ;;
esac
