const verdictWords = { passed: 'passed', failed: 'failed', none: 'not run yet' } as const

/** Each verdict has a shape of its own, so that it can be told apart without colours. */
export function VerdictMark({ verdict }: { verdict: keyof typeof verdictWords }) {
  return (
    <span class={`verdict-mark ${verdict}`} role="img" aria-label={verdictWords[verdict]}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        {verdict === 'passed' && <path d="m2.5 8.5 3.5 3.5 7.5-8" fill="none" stroke="currentColor" stroke-width="2.2" />}
        {verdict === 'failed' && <path d="m3.5 3.5 9 9m0-9-9 9" fill="none" stroke="currentColor" stroke-width="2.2" />}
        {verdict === 'none' && <circle cx="8" cy="8" r="4.5" fill="none" stroke="currentColor" stroke-width="1.6" />}
      </svg>
    </span>
  )
}
