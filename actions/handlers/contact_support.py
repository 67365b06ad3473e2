"""Support: where it is found (M-39), and, where there is a desk, the way to a person.

The resolution centre is named first (M-01), nothing is handed over by itself (M-21), and nothing at all before a yes to
a stored sentence that names everything which is handed over.
"""

from __future__ import annotations

from actions.backend import ConfirmStatus, Desk, Material, Scope
from actions.handlers import case as asking
from actions.handlers.base import IntentAction
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.menu import offer_menu
from actions.handlers.orders import order_of
from actions.handlers.own_words import tidy
from actions.handlers.router import begin
from actions.handlers.turn import Turn
from actions.wording.notices import named_order
from actions.wording.spell import quoted

# What a button of ours says under `handover`.
ASK, BACK = "ask", "back"


class ActionContactSupport(IntentAction):
    """Intent contact_support: the resolution centre first, support as the last resort, a person if there is a desk."""

    intent = "contact_support"

    async def respond(self, turn: Turn) -> None:
        wish = turn.value("handover") if turn.pressed else None
        if turn.person is not None and turn.backend.desk is not None and wish == BACK:
            turn.say("handover_not_running")
        elif turn.person is not None and turn.backend.desk is not None and wish is not None:
            await begin(turn, "contact_support")
            return
        else:
            turn.say("rc_intro")
            say_support(turn)
        await offer_menu(turn)


def say_support(turn: Turn) -> None:
    """Where support is found; with a desk also the button that leads there, which by itself does nothing yet."""
    desk = turn.backend.desk if turn.person is not None else None
    if desk is None:
        turn.say("contact_support")
        return
    turn.say("contact_support_desk", desk=desk.name)
    turn.offer("button_desk", "contact_support", handover=ASK)
    if turn.case is None:
        words = tidy(turn.text) if turn.intent == "contact_support" else ""
        turn.case = Case(flow="contact_support", asked=asking.DESK, text=words or None, seen_seq=turn.seq)


class ContactSupport(Flow):
    """From the wish for a person to the handover."""

    name = "contact_support"

    async def run(self, turn: Turn, case: Case) -> None:
        desk = turn.backend.desk
        if desk is None:  # there was one when the button was shown
            turn.case = None
            turn.say("contact_support")
            return
        if await turn.backend.handovers.open_in(turn.conversation_id) is not None:
            turn.case = None
            self._say_running(turn, desk)
            return
        turn.case, case.seen_seq = case, turn.seq
        before = len(turn.paragraphs)
        material = await self._material(turn, case, desk)
        await self._name_everything(turn, desk, material)
        offered = await turn.backend.handovers.create(
            turn.conversation_id,
            turn.actor,
            material,
            sentence="\n\n".join(turn.paragraphs[before:]),
            locale=turn.locale,
        )
        case.asked, case.proposal_id = asking.CONFIRM, offered.id
        turn.custom.update(kind="proposal", scope=offered.scope.value)
        self._offer_yes(turn, case)

    async def again(self, turn: Turn, case: Case) -> None:
        turn.case = case
        turn.say("back_to_handover")
        self._offer_yes(turn, case)

    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        case, turn.case = turn.case, None
        desk = turn.backend.desk
        if desk is None:
            turn.say("contact_support")
            return
        done = await turn.backend.handovers.confirm(
            proposal_id, turn.conversation_id, turn.actor, turn.message_id, turn.seq
        )
        handover = done.handover
        if done.status is ConfirmStatus.EXPIRED:
            turn.say("proposal_expired")
            again = case if case is not None and case.flow == self.name else Case(flow=self.name)
            again.whole = handover is not None and handover.scope is Scope.CONVERSATION
            await self.run(turn, again)
        elif handover is None or not handover.is_open:
            turn.say("proposal_unknown")
            await offer_menu(turn)
        elif done.status is ConfirmStatus.EXECUTED:
            turn.custom.update(kind="handover", handover_id=handover.id)
            turn.say("handover_started", desk=desk.name)
            turn.offer("button_handover_back", "contact_support", handover=BACK)
        else:
            self._say_running(turn, desk)

    async def discard(self, turn: Turn, proposal_id: str) -> None:
        await turn.backend.handovers.discard(proposal_id, turn.conversation_id)

    def take(self, turn: Turn, case: Case) -> None:
        if not turn.pressed and turn.intent == self.name and not case.text:
            case.text = tidy(turn.text) or None
        case.whole = turn.value("handover") == Scope.CONVERSATION

    def reword(self, turn: Turn, case: Case) -> None:
        """Wishing it once more changes nothing of what was shown."""

    def give(self, turn: Turn, case: Case) -> bool:
        """With or without the conversation: a button alone decides that, never words."""
        wish = turn.value("handover") if turn.pressed else None
        if wish not in tuple(Scope):
            return False
        case.whole = wish == Scope.CONVERSATION
        return True

    async def _material(self, turn: Turn, case: Case, desk: Desk) -> Material:
        person = await turn.backend.people.get(turn.me.role, turn.me.id)
        order = await order_of(turn, turn.topic) if turn.topic else None
        history = await turn.backend.handovers.history(turn.conversation_id, turn.seq) if case.whole else None
        return Material(
            desk=desk.name,
            role=turn.me.role,
            person_id=turn.me.id,
            locale=turn.locale,
            name=person.name if person else None,
            words=case.text,
            order={"id": order.id, "title": order.title} if order else None,
            messages=history,
        )

    async def _name_everything(self, turn: Turn, desk: Desk, material: Material) -> None:
        lines = [turn.phrase("handover_intro", desk=desk.name)]
        if material.name:
            lines.append(turn.phrase("handover_name", called=material.name))
        lines.append(turn.phrase(f"handover_role_{turn.me.role}"))
        lines.append(turn.phrase("handover_person_id", id=material.person_id))
        lines.append(turn.phrase("handover_language"))
        if material.order:
            order = named_order(material.order["id"], material.order["title"], turn.locale)
            lines.append(turn.phrase("handover_order", order=order))
        if material.words:
            lines.append(turn.phrase("handover_words", said=quoted(material.words, turn.locale)))
        if material.messages:
            history = material.messages
            lines.append(turn.phrase("handover_messages", count=history.count, since=history.since))
        lines.append(turn.phrase("handover_from_now"))
        turn.paragraphs.append("\n".join(lines))
        if not material.messages:
            turn.say("handover_without_disputes")
        turn.say("handover_ask")

    @staticmethod
    def _offer_yes(turn: Turn, case: Case) -> None:
        turn.offer("button_handover_yes", "affirm", handover_id=case.proposal_id)
        if case.whole:
            turn.offer("button_handover_without", "contact_support", handover=Scope.SUMMARY.value)
        else:
            turn.offer("button_handover_messages", "contact_support", handover=Scope.CONVERSATION.value)
        turn.offer("button_no", "deny", handover_id=case.proposal_id)

    @staticmethod
    def _say_running(turn: Turn, desk: Desk) -> None:
        turn.say("handover_running", desk=desk.name)
        turn.offer("button_handover_back", "contact_support", handover=BACK)
