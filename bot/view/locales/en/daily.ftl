daily-help =
    A poem every day, for your chat: <code>/daily 07:30 Berlin</code>

    Instead of a city (its name in English or Chinese), an offset does too: <code>/daily 07:30 +8</code>. Without either your zone stays.
daily-set =
    Every day at <b>{ $clock }</b> by the clocks of <b>{ $zone }</b>, a poem for the day.

    There it is { $there } now; the next poem comes on { $day }.
daily-paused = Paused: no poem comes until you resume. It was every day at { $clock }, { $zone }.
daily-stopped = Stopped: no more daily poems here. /daily begins again.
daily-none = There is no daily poem here yet.
daily-no-time = I do not understand the time. Write it like this: <code>/daily 07:30 Berlin</code>
daily-no-city = I know no city “{ $city }”. Try its English or Chinese name, the next large city, or an offset such as +8.
daily-not-admin = In a group only its administrators decide about the daily poem.
daily-not-known = I could not find out whether you are an administrator here. Please try again in a moment.
daily-button-pause = ⏸ Pause
daily-button-resume = ▶️ Resume
daily-button-stop = ⏹ Stop
