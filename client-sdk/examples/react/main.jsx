import { createClient } from '@halibut-gateway/client'
import { createRoot } from 'react-dom/client'
import { Dashboard } from './dashboard.jsx'

const where = new URLSearchParams(location.hash.slice(1))
const client = createClient({ url: where.get('gateway') ?? location.origin, token: where.get('token') ?? '' })
createRoot(document.body).render(<Dashboard client={client} />)
