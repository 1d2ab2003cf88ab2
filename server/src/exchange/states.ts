/**
 * Who may send what, and when (spec §3). The conversations in this folder are these tables written as code; the fault tests break a
 * connection at each of these steps.
 *
 * Listening: the client dials.
 *
 * ```text
 *   step       client (dialler)               service (acceptor)
 *   identify   preamble, MX-CLIENT ─────────▶
 *                                   ◀──────── MX-SERVER
 *   request    message, streams ────────────▶
 *   response                        ◀──────── message, streams
 *   idle       NEXT or END ─────────────────▶
 *   ready                           ◀──────── PROCEED          then: request
 * ```
 *
 * Polling: the service dials.
 *
 * ```text
 *   step       service (dialler)              client (acceptor)
 *   identify   preamble, MX-SUBSCRIBER ─────▶
 *                                   ◀──────── MX-SERVER
 *   request                         ◀──────── message, streams; or the null message
 *   response   message, streams ────────────▶ (nothing for a null message)
 *   idle       NEXT ────────────────────────▶ (at once)
 *   ready                           ◀──────── PROCEED          then: request
 * ```
 */
export const steps = ['identify', 'request', 'response', 'idle', 'ready'] as const

/** One step of a conversation. */
export type Step = (typeof steps)[number]
