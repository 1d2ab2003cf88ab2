import { type Right, rightTable } from '@halibut-gateway/schemas/wire'
import { Notice } from './notice.tsx'

/** In the place of a page, or a part of one, that is not for who is signed in. `what`: its name. */
export function NotAllowed({
  what,
  right,
  asRole,
  isPart = false,
}: {
  what: string
  right: Right
  asRole: string | undefined
  isPart?: boolean
}) {
  const { roles, meaning } = rightTable[right]
  return (
    <Notice title={`${what} is not for your role`} isPart={isPart}>
      <p>
        {asRole !== undefined && (
          <>
            You are signed in as <b>{asRole}</b>.{' '}
          </>
        )}
        To {meaning} one needs the role {roles.join(' or ')}. Somebody with the role admin can give you another token.
      </p>
    </Notice>
  )
}
