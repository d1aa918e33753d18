import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  cert: string;
  /** PEM. */
  key: string;
  keyObject: KeyObject;
  name: string;
}

/** DER encoding, limited to the types in an X.509 v3 certificate. */
const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (date: Date) =>
  der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = (name: string) =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
const critical = der(0x01, Buffer.from([0xff]));

const dayMs = 86_400_000;

/** A certificate for 127.0.0.1 that is valid for a day, signed by `issuer`, or a self-signed CA without one. */
export function certificate(name: string, issuer?: Certificate): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const basicConstraints = issuer
    ? sequence(oid('551d13'), der(0x04, sequence()))
    : sequence(oid('551d13'), critical, der(0x04, sequence(critical)));
  const loopbackAddress = der(0x87, Buffer.from([127, 0, 0, 1]));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, ...Buffer.from(now.toString(16).padStart(12, '0'), 'hex')])),
    ecdsaWithSha256,
    commonName(issuer?.name ?? name),
    sequence(utcTime(new Date(now - dayMs)), utcTime(new Date(now + dayMs))),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints, sequence(oid('551d11'), der(0x04, sequence(loopbackAddress))))),
  );
  const signature = sign('sha256', body, issuer?.keyObject ?? privateKey);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    keyObject: privateKey,
    name,
  };
}
