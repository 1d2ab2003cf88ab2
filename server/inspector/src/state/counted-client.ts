import type { GatewayClient } from '@halibut-gateway/client'
import type { Activity } from './activity.ts'

/**
 * The same client, which counts as activity what it is asked for until the answer has come, and of a watch the first item. Not so calls of
 * agents, which take as long as they like and are shown while they run, nor what waits for a connection that is away.
 */
export function countedClient(client: GatewayClient, activity: Activity): GatewayClient {
  let open = 0
  let end: (() => void) | undefined
  const count = (): void => {
    const { at } = client.state
    const isBusy = at === 'connecting' || (open > 0 && (at === 'idle' || at === 'connected'))
    if (isBusy) end ??= activity.begin()
    else {
      end?.()
      end = undefined
    }
  }
  const until = (answer: Promise<unknown>): void => {
    open++
    count()
    const over = (): void => {
      open--
      count()
    }
    answer.then(over, over)
  }
  client.onState(count)

  const request = client.request.bind(client) as GatewayClient['request']
  const watch = client.watch.bind(client) as GatewayClient['watch']
  client.request = (method, params, options) => {
    const answer = request(method, params, options)
    if (method !== 'agent.invoke') until(answer)
    return answer
  }
  client.watch = (method, options, gap, merge) => {
    const items = watch(method, options, gap, merge)
    // The events of connections begin with the first that happens.
    if (method === 'inspect.watch') return items
    const next = items.next.bind(items)
    let isFirst = true
    // A loop keeps the function that it finds here at its beginning.
    items.next = () => {
      const item = next()
      if (isFirst) until(item)
      isFirst = false
      return item
    }
    return items
  }
  return client
}
