from portal_core.accounts.models import Authenticator, SignInRecord, User, normalise_username


def username_taken(username: str, *, except_user: User | None = None) -> bool:
    """Whether somebody has this username already, in either realm and whatever the case (PC-53)."""
    others = User.objects.filter(username=normalise_username(username))
    if except_user is not None:
        others = others.exclude(pk=except_user.pk)
    return others.exists()


def authenticators(user: User) -> list[Authenticator]:
    """The apps that work, oldest first."""
    return list(user.authenticators.filter(confirmed_at__isnull=False).order_by("confirmed_at"))


def unconfirmed(user: User) -> Authenticator | None:
    """The app that has yet to show its first code."""
    return user.authenticators.filter(confirmed_at=None).first()


def recovery_codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


def sign_ins(user: User, *, limit: int = 10) -> list[SignInRecord]:
    """The newest sign-ins and refused tries."""
    return list(user.sign_ins.order_by("-at", "-id")[:limit])
