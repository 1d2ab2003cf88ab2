import { Link } from '../../elements/link.tsx'
import { AttachAgent } from './attach-agent.tsx'

/** Adds one more agent. */
export function AttachPage({ mode }: { mode: 'listening' | 'polling' }) {
  return (
    <main class="attach-page" id="main" tabIndex={-1}>
      <h1>Add an agent</h1>
      <nav class="tabs" aria-label="Who connects">
        <Link to={{ page: 'attach', mode: 'listening' }} current={mode === 'listening'}>
          The gateway connects to it
        </Link>
        <Link to={{ page: 'attach', mode: 'polling' }} current={mode === 'polling'}>
          It connects to the gateway
        </Link>
      </nav>
      <AttachAgent mode={mode} />
    </main>
  )
}
