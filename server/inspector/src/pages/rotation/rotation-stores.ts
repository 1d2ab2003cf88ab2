import { session } from '../../page.ts'
import { createRotation } from '../../state/rotation.ts'

// Made when somebody looks at the gateway’s certificates for the first time.

export const rotation = createRotation(session)
