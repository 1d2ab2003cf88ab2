import { GatewayError } from '@halibut-gateway/client'
import type { ComponentChildren } from 'preact'

/** What went wrong, and what to do next. */
export function ProblemBox({ error, children }: { error: unknown; children?: ComponentChildren }) {
  const message = error instanceof Error ? error.message : String(error)
  return (
    <div class="problem-box" role="alert">
      <p class="message">{message}</p>
      {error instanceof GatewayError && error.advice !== '' && <p>To go on: {error.advice}.</p>}
      {children}
    </div>
  )
}
