"""Who may give which role to whom (design.md section 7, TH-01). Pure: sets of roles in, a judgement out."""

from collections.abc import Collection

from portal_core.directory.enums import IT_ROLES, OFFICE_ROLES, Role

LEADERS = frozenset({Role.OWNER, Role.MANAGER})
GRANTERS = LEADERS | {Role.ADMINISTRATOR}
PRACTICE_WIDE = GRANTERS | IT_ROLES | {Role.PRIVACY_OFFICER}
CLINICAL = frozenset({Role.CLINICIAN, Role.INTERN})


def may_change_role(mine: Collection[Role], role: Role, *, own: bool) -> bool:
    """Whether somebody holding `mine` may give or take `role`; `own` when it is about themselves.

    Leading roles need a leader, ownership an owner. Nobody but an owner changes their own roles: a solo provider is
    owner and clinician at once, anybody else would be raising themselves.
    """
    held = frozenset(mine)
    if own and Role.OWNER not in held:
        return False
    if role is Role.OWNER:
        return Role.OWNER in held
    if role in GRANTERS or role is Role.PRIVACY_OFFICER:
        return bool(held & LEADERS)
    return bool(held & GRANTERS)


def may_manage(mine: Collection[Role], theirs: Collection[Role], *, own: bool) -> bool:
    """Whether somebody holding `mine` may invite or close off a colleague who holds `theirs`, or change the address
    their links go to: who could give each of those roles. Else an administrator could come to an owner's account."""
    return bool(frozenset(mine) & GRANTERS) and all(may_change_role(mine, role, own=own) for role in theirs)


def may_switch_teletherapy(mine: Collection[Role]) -> bool:
    """TH-01: Therapist → Teletherapy needs an owner or manager, for oneself (solo provider) and for others."""
    return bool(frozenset(mine) & LEADERS)


def may_switch_telehealth(mine: Collection[Role]) -> bool:
    """TH-02: the practice's switch is the practice administrator's; an owner may do what anybody may."""
    return bool(frozenset(mine) & {Role.OWNER, Role.ADMINISTRATOR})


def may_set_security(mine: Collection[Role]) -> bool:
    """How staff sign in: the owner's and the administrator's decision."""
    return bool(frozenset(mine) & {Role.OWNER, Role.ADMINISTRATOR})


def may_set_waiting_room(mine: Collection[Role], *, own: bool) -> bool:
    """TH-28: one's own, or an owner or manager for a provider."""
    return own or bool(frozenset(mine) & LEADERS)


def office_fits(role: Role, *, has_office: bool) -> bool:
    """Office roles belong to an office; leading, IT and privacy roles to the whole practice; the rest to either."""
    if role in OFFICE_ROLES:
        return has_office
    return not (has_office and role in PRACTICE_WIDE)
