import { createHash } from 'node:crypto'

const block = Buffer.alloc(1 << 20)
for (let i = 0; i < block.length; i++) block[i] = (31 * i + 7 + (i >>> 8)) & 255

/** So many bytes, no two blocks alike, without a copy of the content anywhere. */
export function* generate(length: number): Generator<Buffer> {
  for (let at = 0, count = 0; at < length; at += block.length, count++) {
    const chunk = Buffer.from(block.subarray(0, Math.min(block.length, length - at)))
    if (chunk.length >= 4) chunk.writeUInt32LE(count, 0)
    yield chunk
  }
}

/** SHA-256 of {@link generate}, in hex. */
export function generatedDigest(length: number): string {
  const hash = createHash('sha256')
  for (const chunk of generate(length)) hash.update(chunk)
  return hash.digest('hex')
}

/** Watches this process’s resident memory. */
export function watchMemory(): { peak(): number; stop(): void } {
  let peak = process.memoryUsage.rss()
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  return {
    peak() {
      const was = Math.max(peak, process.memoryUsage.rss())
      peak = process.memoryUsage.rss()
      return was
    },
    stop: () => clearInterval(timer),
  }
}
