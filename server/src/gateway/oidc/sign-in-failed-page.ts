import { errorTable, type RpcError } from '@halibut-gateway/schemas/wire'
import type { FastifyReply } from 'fastify'
import { escapeHtml } from '../escape-html.ts'

/** Tells a person why a sign-in failed, and what to do: no script, nothing inline, so that the strictest policy lets it be. */
export function signInFailedPage(reply: FastifyReply, { message, data }: RpcError): FastifyReply {
  const { status } = errorTable[data.kind]
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Signing in failed</title>
</head>
<body>
<main>
<h1>Signing in failed</h1>
<p>${escapeHtml(message)}</p>
<p>What to do: ${escapeHtml(data.advice)}.</p>
<p><a href="../">Back to the page</a></p>
<p><small>${escapeHtml(data.kind)}, ${escapeHtml(data.traceId ?? '')}</small></p>
</main>
</body>
</html>
`)
}
