"""Groups: who is in them, what the bot hears, where they move."""

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatAdministrators, BotCommandScopeChatMember
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.localchat import LocalChatError, LocalTelegram, Membership

GROUP = -1001


@pytest.fixture
def group(local_telegram: LocalTelegram) -> int:
    """A supergroup of three: 11 founded it, 12 administers it, 13 is a member."""
    local_telegram.make_group(GROUP, "詩社", administrators=(11, 12), members=(13,))
    return GROUP


async def heard(api: Bot) -> list[str | None]:
    return [update.message.text for update in await api.get_updates() if update.message][1:]


async def test_members_and_administrators(api: Bot, local_telegram: LocalTelegram, group: int) -> None:
    assert [(await api.get_chat_member(group, user_id)).status for user_id in (11, 12, 13, 1)] == [
        "creator",
        "administrator",
        "member",
        "left",
    ]
    assert [member.user.id for member in await api.get_chat_administrators(group)] == [11, 12]
    assert await api.get_chat_member_count(group) == 4
    assert (await api.get_chat(group)).title == "詩社"
    local_telegram.set_membership(13, Membership.ADMINISTRATOR, group, by=11)
    assert (await api.get_chat_member(group, 13)).status == "administrator"
    with pytest.raises(BadRequest, match=r"(?i)participant_id_invalid"):
        await api.get_chat_member(group, 404)
    with pytest.raises(BadRequest, match=r"(?i)there are no administrators in the private chat"):
        await api.get_chat_administrators(1)
    with pytest.raises(LocalChatError, match="negative id of its own"):
        local_telegram.make_group(group)


async def test_privacy_mode_lets_through_what_is_meant_for_the_bot(
    api: Bot, local_telegram: LocalTelegram, group: int
) -> None:
    said = (await api.send_message(group, "a poem")).message_id
    for text in ("hello", "/poem 月", "/poem@yuexia_bot", "/poem@other_bot", "@other_bot hi", "𠮷 @Yuexia_Bot hi"):
        local_telegram.user_sends(text, 13, group)
    local_telegram.user_sends("I like it", 13, group, reply_to=said)
    local_telegram.user_sends("I do not", 12, group, reply_to=said + 1)
    assert await heard(api) == ["/poem 月", "/poem@yuexia_bot", "𠮷 @Yuexia_Bot hi", "I like it"]
    local_telegram.set_membership(local_telegram.bot_id, Membership.ADMINISTRATOR, group, by=11)
    local_telegram.user_sends("everything", 13, group)
    assert (await heard(api))[-1] == "everything"


async def test_a_bot_that_was_shut_out_is_told(api: Bot, local_telegram: LocalTelegram, group: int) -> None:
    local_telegram.set_membership(local_telegram.bot_id, Membership.KICKED, group, by=12)
    change = (await api.get_updates())[-1].my_chat_member
    assert change is not None
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("member", "kicked")
    assert (change.chat.id, change.from_user.id) == (group, 12)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await api.send_message(group, "x")
    local_telegram.user_sends("/poem", 13, group)
    assert await heard(api) == []
    local_telegram.set_membership(local_telegram.bot_id, Membership.KICKED, chat_id=1)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await api.send_message(1, "x")


async def test_a_bot_leaves(api: Bot, group: int) -> None:
    assert await api.leave_chat(group)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await api.send_message(group, "x")


async def test_a_group_becomes_a_supergroup(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.make_group(-5, kind="group", administrators=(11,), members=(12,))
    local_telegram.migrate_group(-5, -1005)
    moved, arrived = [update.message for update in (await api.get_updates())[-2:]]
    assert moved is not None
    assert arrived is not None
    assert (moved.chat.type, moved.migrate_to_chat_id) == ("group", -1005)
    assert (arrived.chat.type, arrived.migrate_from_chat_id) == ("supergroup", -5)
    with pytest.raises(ChatMigrated) as refused:
        await api.send_message(-5, "x")
    assert refused.value.new_chat_id == -1005
    assert (await api.send_message(-1005, "x")).chat.type == "supergroup"
    assert (await api.get_chat_member(-1005, 12)).status == "member"


async def test_the_narrowest_commands_win(api: Bot, local_telegram: LocalTelegram, group: int) -> None:
    async def register(name: str, scope: object) -> None:
        await api.set_my_commands([BotCommand(name, name)], scope)  # type: ignore[arg-type]

    await register("all", None)
    await register("group", BotCommandScopeChat(group))
    await register("administrators", BotCommandScopeChatAdministrators(group))
    await register("member", BotCommandScopeChatMember(group, 13))
    seen = [local_telegram.commands_for(user_id, group)[0]["command"] for user_id in (12, 13, 1)]
    assert seen == ["administrators", "member", "group"]
    assert local_telegram.commands_for(1)[0]["command"] == "all"
    with pytest.raises(BadRequest, match=r"(?i)can't use chat_member scope in private chats"):
        await register("x", BotCommandScopeChatMember(1, 1))
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await register("x", BotCommandScopeChat(-404))
