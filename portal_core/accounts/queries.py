from portal_core.accounts.models import User, normalise_username


def username_taken(username: str, *, except_user: User | None = None) -> bool:
    """Whether somebody has this username already, in either realm and whatever the case (PC-53)."""
    others = User.objects.filter(username=normalise_username(username))
    if except_user is not None:
        others = others.exclude(pk=except_user.pk)
    return others.exists()
