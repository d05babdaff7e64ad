"""The counting of the cluster's trial: what is wrong is found, what is right is not called wrong."""

from trial.followers import Stay
from trial.verdict import judge_following, judge_storage

CAT, DOG = "cat", "dog"


def records(device, times, received=100):
    return [(device, t, t + received) for t in times]


def stay(recovered, pushed, snapshot=None, skipped=0):
    return Stay(recovered, 0.0, snapshot or {}, list(pushed), skipped)


# ---- storage ----

ACKED = {(CAT, 1): (50.0, -5.0), (CAT, 2): (50.1, -5.1), (DOG, 1): (51.0, -4.0)}
STORED = [(device, t, *place) for (device, t), place in ACKED.items()]


def test_all_is_stored():
    assert judge_storage(ACKED, STORED).good
    more = [*STORED, (DOG, 7, 0.0, 0.0)]  # in Kafka, and the answer was lost
    assert judge_storage(ACKED, more).good


def test_one_is_missing():
    found = judge_storage(ACKED, STORED[:1] + STORED[2:])
    assert found.missing == [(CAT, 2)]
    assert not found.good


def test_one_is_there_twice():
    found = judge_storage(ACKED, [*STORED, STORED[1]])
    assert found.doubled == [(CAT, 2)]
    assert not found.good


def test_one_is_elsewhere():
    found = judge_storage(ACKED, [*STORED[:2], (DOG, 1, 51.0, -4.0000001)])
    assert found.altered == [(DOG, 1)]
    assert not found.good


# ---- following ----

ALL = records(CAT, range(1, 11)) + records(DOG, range(1, 6))


def test_one_stay_that_got_all():
    found = judge_following([stay(None, ALL)], ALL, None)
    assert found.good
    assert (found.pushed, found.missed, found.doubled, found.foreign) == (15, 0, 0, 0)


def test_only_what_is_watched_is_due():
    assert judge_following([stay(None, records(DOG, range(1, 6)))], ALL, {DOG}).good
    assert judge_following([stay(None, records(DOG, range(1, 5)))], ALL, {DOG}).missed == 1


def test_recovered_and_missed_one():
    whole = [stay(None, ALL[:4]), stay(True, ALL[4:])]
    assert judge_following(whole, ALL, None).good
    found = judge_following([stay(None, ALL[:4]), stay(True, ALL[5:])], ALL, None)
    assert found.missed == 1
    assert not found.good


def test_recovered_and_got_one_twice():
    found = judge_following([stay(None, ALL[:4]), stay(True, ALL[3:])], ALL, None)
    assert found.doubled == 1
    assert not found.good


def test_sent_twice_is_pushed_twice():
    again = ALL + records(CAT, [10], received=900)
    assert judge_following([stay(None, again)], again, None).good
    assert judge_following([stay(None, ALL)], again, None).missed == 1


def test_the_last_is_due_too():
    assert judge_following([stay(None, ALL[:-1])], ALL, None).missed == 1


def test_a_snapshot_stands_for_what_was_lost():
    stays = [stay(None, records(CAT, [1, 2])), stay(False, records(CAT, range(6, 11)), snapshot={CAT: 5})]
    found = judge_following(stays, records(CAT, range(1, 11)), {CAT})
    assert found.good
    assert (found.stays, found.recovered, found.anew) == (2, 0, 1)


def test_what_follows_a_snapshot_is_due():
    stays = [stay(None, records(CAT, [1, 2])), stay(False, records(CAT, range(7, 11)), snapshot={CAT: 5})]
    assert judge_following(stays, records(CAT, range(1, 11)), {CAT}).missed == 1


def test_a_hole_before_a_snapshot_is_one():
    stays = [stay(None, records(CAT, [1, 3])), stay(False, records(CAT, range(6, 11)), snapshot={CAT: 5})]
    assert judge_following(stays, records(CAT, range(1, 11)), {CAT}).missed == 1


def test_skipped_was_said():
    assert judge_following([stay(None, ALL[2:], skipped=2)], ALL, None).good
    assert not judge_following([stay(None, ALL[2:], skipped=1)], ALL, None).good


def test_what_nobody_sent():
    assert judge_following([stay(None, [*ALL, (CAT, 99, 199)])], ALL, None).foreign == 1
