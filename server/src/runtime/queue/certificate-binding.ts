import type { RequestToQueue } from './request-queue.ts'

/** Whether a connection that presented the certificate `thumbprint` may have a request. */
export function mayHave(request: Pick<RequestToQueue, 'thumbprint' | 'nextThumbprint'>, thumbprint: string): boolean {
  return request.thumbprint === undefined || request.thumbprint === thumbprint || request.nextThumbprint === thumbprint
}
