import { useEffect, useMemo } from 'preact/hooks'
import { type Asked, createAsked } from '../state/asked.ts'

/** When it is asked again. */
interface Again {
  /** Whenever this is another one. */
  readonly when?: unknown
  /** From time to time, where the page can be seen. Milliseconds. */
  readonly everyMs?: number
}

/** What `ask` gives, of what `key` names. */
export function useAsked<T>(key: string, ask: () => Promise<T>, { when, everyMs }: Again = {}): Asked<T> {
  const asked = useMemo(() => createAsked(ask), [key])
  useEffect(() => asked.again(), [asked, when])
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) asked.again()
    }
    const timer = everyMs === undefined ? undefined : setInterval(look, everyMs)
    return () => {
      clearInterval(timer)
      asked.close()
    }
  }, [asked, everyMs])
  return asked
}
