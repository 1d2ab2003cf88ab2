import { GatewayError } from '@halibut-gateway/client'
import { useAgents, useCall, useGateway, useGatewayState } from '@halibut-gateway/client/react'
import { calculator } from './calculator.js'

export function Dashboard() {
  const { agents } = useAgents()
  const connection = useGatewayState()
  return (
    <>
      <header>
        <h1>Agents</h1>
        <p role="status">{connection.why ? `${connection.at}: ${connection.why.message} (${connection.why.advice})` : connection.at}</p>
      </header>
      <ul aria-live="polite">
        {agents.map(agent => (
          <li key={agent.id} data-state={agent.state}>
            {agent.name}: {agent.state} ({agent.reason})
          </li>
        ))}
      </ul>
      <Add agents={agents} />
    </>
  )
}

function Add({ agents }) {
  const gateway = useGateway()
  const add = useCall((options, agent, a, b) => gateway.agent(agent).service(calculator).Add(BigInt(a), BigInt(b), options))
  const failed = add.error && told(add.error)
  // Not `action`, after which React gives the fields their first values back.
  const submit = event => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    add.run(fields.get('agent'), fields.get('a'), fields.get('b'))
  }
  return (
    <form onSubmit={submit}>
      <h2>Add two numbers</h2>
      <label>
        Agent
        <select name="agent" required>
          {agents.map(agent => (
            <option key={agent.id}>{agent.id}</option>
          ))}
        </select>
      </label>
      <label>
        a <input name="a" inputMode="numeric" defaultValue="1" required />
      </label>
      <label>
        b <input name="b" inputMode="numeric" defaultValue="2" required />
      </label>
      <button type="submit">Add</button>
      <output className={failed ? 'failed' : ''}>{add.loading ? '…' : (failed ?? add.data?.toString())}</output>
    </form>
  )
}

function told(error) {
  return error instanceof GatewayError ? `${error.message} (${error.kind}): ${error.advice}` : String(error)
}
