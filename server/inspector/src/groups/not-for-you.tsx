import { type Right, rightTable } from '@halibut-gateway/schemas/wire'
import { session } from '../page.ts'

/** Why something is not shown, or cannot be done: what it takes, and who may. */
export function NotForYou({ right, what }: { right: Right; what: string }) {
  const state = session.connection.value
  const role = state.at === 'connected' ? state.welcome.principal.role : undefined
  return (
    <p class="hint not-for-you">
      {what} takes the role {rightTable[right].roles.join(' or ')}
      {role === undefined ? '' : `; you are signed in as ${role}`}.
    </p>
  )
}
