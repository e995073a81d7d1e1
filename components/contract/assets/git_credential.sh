# For git, as `credential.helper`: USER TOKEN_FILE get. Reads the token when it is asked for, and keeps nothing.
[ "$3" = get ] || exit 0
printf 'username=%s\npassword=%s\n' "$1" "$(cat "$2")"
