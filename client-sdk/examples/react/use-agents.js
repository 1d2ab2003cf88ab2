import { useEffect, useState, useSyncExternalStore } from 'react'

/** The agents of a gateway, kept up to date while the component is there. */
export function useAgents(client) {
  const [agents, setAgents] = useState([])
  useEffect(() => {
    const stop = new AbortController()
    const watch = async () => {
      for await (const event of client.watchAgents({ signal: stop.signal })) {
        setAgents(known => {
          if (event.type === 'snapshot') return event.agents
          if (event.type === 'removed') return known.filter(agent => !event.ids.includes(agent.id))
          return [...new Map([...known, ...event.agents].map(agent => [agent.id, agent])).values()]
        })
      }
    }
    watch().catch(() => undefined)
    return () => stop.abort()
  }, [client])
  return agents
}

/** Where the client is with its connection. */
export function useConnection(client) {
  return useSyncExternalStore(
    changed => client.onState(changed),
    () => client.state,
  )
}
