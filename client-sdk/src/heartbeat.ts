/** Watches one connection for a sign of life. */
export interface Heartbeat {
  /** Something came. */
  heard(): void
  stop(): void
}

/**
 * Pings when nothing came for `pingMs`, and says so when nothing came for `deadMs` either. A page never sees the WebSocket’s own pings, so it
 * has to ask for an answer. Time in which no timer ran (a hidden page, a sleeping machine) is no silence: first a ping has to stay unanswered.
 */
export function startHeartbeat(
  { pingMs, deadMs }: { readonly pingMs: number; readonly deadMs: number },
  events: { ping(): void; dead(): void },
): Heartbeat {
  let heardMs = performance.now()
  let asked = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const wait = (): void => {
    const nowMs = performance.now()
    if (!asked) heardMs = Math.max(heardMs, nowMs - pingMs)
    const silentMs = nowMs - heardMs
    if (silentMs >= deadMs) {
      events.dead()
      return
    }
    asked = silentMs >= pingMs
    if (asked) events.ping()
    timer = setTimeout(wait, Math.min(pingMs - (silentMs % pingMs), deadMs - silentMs))
  }
  wait()
  return {
    heard: () => {
      heardMs = performance.now()
      asked = false
    },
    stop: () => clearTimeout(timer),
  }
}
