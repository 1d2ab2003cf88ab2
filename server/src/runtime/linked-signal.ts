/**
 * A signal that fires when one of the given ones does, with its reason; the only one itself where there is one. `release` takes the listeners away again, which long-lived
 * signals need (`AbortSignal.any` keeps its children until they are collected).
 */
export function linkedSignal(...signals: readonly (AbortSignal | undefined)[]): { readonly signal: AbortSignal; release(): void } {
  const [only, ...others] = signals.filter(each => each !== undefined)
  if (only && others.length === 0) return { signal: only, release() {} }
  const controller = new AbortController()
  const fire = (): void => controller.abort(signals.find(each => each?.aborted)?.reason)
  for (const each of signals) each?.addEventListener('abort', fire, { once: true })
  if (signals.some(each => each?.aborted)) fire()
  return {
    signal: controller.signal,
    release() {
      for (const each of signals) each?.removeEventListener('abort', fire)
    },
  }
}
