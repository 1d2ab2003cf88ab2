import { untracked } from '@preact/signals'
import type { Session } from './session.ts'

/** Calls `forget` each time that whoever was signed in is so no more: what somebody did, saw and typed is not for who signs in next. */
export function onHandover({ client }: Pick<Session, 'client'>, forget: () => void): void {
  let before = client.peek()
  client.subscribe(now => {
    const isHandover = before !== undefined && now !== before
    before = now
    if (isHandover) untracked(forget)
  })
}
