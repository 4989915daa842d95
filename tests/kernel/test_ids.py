from portal_core.kernel import ids


def test_public_ids_are_twenty_readable_characters():
    made = {ids.new_public_id() for _ in range(1000)}

    assert len(made) == 1000
    assert {len(one) for one in made} == {20}
    assert set("".join(made)) == set("0123456789abcdefghjkmnpqrstvwxyz")


def test_short_ids_are_twelve_characters():
    assert len(ids.new_short_id()) == 12
