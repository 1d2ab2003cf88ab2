import { createClient } from '@halibut-gateway/client'
import { GatewayProvider } from '@halibut-gateway/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Dashboard } from './dashboard.jsx'
import '../dashboard.css'

// The token stands behind # in the address of the page, as in the one that `npm start` prints. Behind # nobody but the page sees it.
const where = new URLSearchParams(location.hash.slice(1))
const client = createClient({ url: where.get('gateway') ?? location.origin, token: where.get('token') ?? undefined })

createRoot(document.body).render(
  <StrictMode>
    <GatewayProvider client={client}>
      <Dashboard />
    </GatewayProvider>
  </StrictMode>,
)
