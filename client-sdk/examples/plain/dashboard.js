import { createClient, GatewayError } from '@halibut-gateway/client'
import { tools } from '../contract.js'

// The address of the page says where the gateway is: index.html#gateway=http://127.0.0.1:8642&token=…
const where = new URLSearchParams(location.hash.slice(1))
const client = createClient({ url: where.get('gateway') ?? location.origin, token: where.get('token') ?? undefined })

const agents = new Map()
const list = document.querySelector('#agents')
const connection = document.querySelector('#connection')

client.onState(({ at, why }) => {
  connection.textContent = why ? `${at}: ${why.message} (${why.advice})` : at
})

function show() {
  list.replaceChildren(
    ...[...agents.values()].map(agent => {
      const item = document.createElement('li')
      item.dataset.state = agent.state
      item.textContent = `${agent.name}: ${agent.state} (${agent.reason})`
      return item
    }),
  )
  for (const select of document.querySelectorAll('select')) {
    const chosen = select.value
    select.replaceChildren(...[...agents.keys()].map(id => new Option(id, id, false, id === chosen)))
  }
}

/** Runs what a form is for, and says what came of it. */
function onSubmit(form, run) {
  const output = form.querySelector('output')
  form.addEventListener('submit', async event => {
    event.preventDefault()
    output.className = ''
    output.textContent = '…'
    try {
      output.textContent = await run(new FormData(form))
    } catch (error) {
      output.className = 'failed'
      output.textContent = error instanceof GatewayError ? `${error.message} (${error.kind}): ${error.advice}` : String(error)
    }
  })
}

onSubmit(document.querySelector('#add'), async fields => {
  const service = client.agent(fields.get('agent')).service(tools)
  return String(await service.Add(BigInt(fields.get('a')), BigInt(fields.get('b'))))
})

const upload = document.querySelector('#upload')
onSubmit(upload, async fields => {
  const progress = upload.querySelector('progress')
  const service = client.agent(fields.get('agent')).service(tools)
  const count = await service.Count(fields.get('file'), {
    onProgress: ({ sentBytes, totalBytes }) => {
      progress.value = sentBytes / totalBytes
    },
  })
  return `${count} bytes`
})

for await (const event of client.watchAgents()) {
  if (event.type === 'snapshot') {
    agents.clear()
    for (const agent of event.agents) agents.set(agent.id, agent)
  } else if (event.type === 'changed') for (const agent of event.agents) agents.set(agent.id, agent)
  else for (const id of event.ids) agents.delete(id)
  show()
}
