import { useState } from 'react'
import { tools } from '../contract.js'
import { useAgents, useConnection } from './use-agents.js'

export function Dashboard({ client }) {
  const agents = useAgents(client)
  const connection = useConnection(client)
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
      <Add client={client} agents={agents} />
    </>
  )
}

function Add({ client, agents }) {
  const [answer, setAnswer] = useState()
  const add = async fields => {
    try {
      const sum = await client
        .agent(fields.get('agent'))
        .service(tools)
        .Add(BigInt(fields.get('a')), BigInt(fields.get('b')))
      setAnswer({ text: String(sum) })
    } catch (error) {
      setAnswer({ failed: true, text: `${error.message} (${error.kind}): ${error.advice}` })
    }
  }
  return (
    <form action={add}>
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
      <output className={answer?.failed ? 'failed' : ''}>{answer?.text}</output>
    </form>
  )
}
