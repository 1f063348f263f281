broadcast-help = Write the message behind the command, <code>/broadcast Good news …</code>, or answer a message with /broadcast to send that one.
broadcast-too-long = The message is too long to be sent as one.
broadcast-preview =
    This goes to <b>{ $chats }</b> { $chats ->
        [one] chat
       *[other] chats
    }:

    { $text }
broadcast-button-confirm = ✅ Send
broadcast-button-discard = 🗑 Discard
broadcast-button-cancel = ⏹ Stop sending
broadcast-running = Sending …
broadcast-cancelling = Stopping …
broadcast-done = Sent.
broadcast-cancelled = Stopped.
broadcast-discarded = Discarded: nothing was sent.
broadcast-progress =
    { $state }

    sent { $sent } of { $total }{ $gathering ->
        [yes] {" "}or more
       *[no] {""}
    }
    waiting { $pending } · in hand { $sending }
    refused { $failed } · unknown { $unknown } · not sent { $cancelled }
broadcast-gone = This broadcast is not waiting any more.
command-broadcast = a message to every chat
