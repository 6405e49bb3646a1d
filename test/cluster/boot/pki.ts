import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESSES, CONTROL, type Node, PATHS } from './paths.ts';

type Certificate = {
  readonly name: string;
  readonly authority: 'ca' | 'front';
  readonly subject: string;
  readonly usage: 'serverAuth' | 'clientAuth';
  readonly names?: string;
};

const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]
  .map((name) => `DNS:${name}`)
  .join();

const CERTIFICATES: readonly Certificate[] = [
  {
    name: 'apiserver',
    authority: 'ca',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    names: `${SERVICE_NAMES},IP:${CONTROL.address},IP:${ADDRESSES.kubernetesService}`,
  },
  {
    name: 'apiserver-kubelet',
    authority: 'ca',
    subject: '/O=system:masters/CN=kube-apiserver-kubelet',
    usage: 'clientAuth',
  },
  { name: 'front-client', authority: 'front', subject: '/CN=front-proxy-client', usage: 'clientAuth' },
  { name: 'admin', authority: 'ca', subject: '/O=system:masters/CN=admin', usage: 'clientAuth' },
  { name: 'controller-manager', authority: 'ca', subject: '/CN=system:kube-controller-manager', usage: 'clientAuth' },
  { name: 'scheduler', authority: 'ca', subject: '/CN=system:kube-scheduler', usage: 'clientAuth' },
  { name: 'proxy', authority: 'ca', subject: '/CN=system:kube-proxy', usage: 'clientAuth' },
];

/** Programs that speak to the API server, each with a kubeconfig of its own. */
const CLIENTS = ['admin', 'controller-manager', 'scheduler', 'proxy'];

const file = (name: string) => join(PATHS.pki, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/**
 * Makes the cluster's keys, certificates and kubeconfigs, once: an authority for servers and clients, another for the
 * aggregation layer's requests, and the key pair of service accounts.
 */
export function makePki(): void {
  if (existsSync(file('done'))) return;
  mkdirSync(PATHS.pki, { recursive: true, mode: 0o700 });
  for (const authority of ['ca', 'front']) makeAuthority(authority);
  makeKey('sa');
  openssl('ec', '-in', file('sa.key'), '-pubout', '-out', file('sa.pub'));
  for (const certificate of CERTIFICATES) makeCertificate(certificate);
  for (const client of CLIENTS) writeFileSync(file(`${client}.kubeconfig`), kubeconfig(client), { mode: 0o600 });
  writeFileSync(file('done'), '');
}

/** What a node's kubelet shows to the API server, and what it shows to those who ask it. */
export function makeNodePki({ name, address }: Node): void {
  const subject = `/O=system:nodes/CN=system:node:${name}`;
  makeCertificate({ name, authority: 'ca', subject, usage: 'clientAuth' });
  const names = `DNS:${name},IP:${address}`;
  makeCertificate({ name: `${name}-server`, authority: 'ca', subject, usage: 'serverAuth', names });
  writeFileSync(file(`${name}.kubeconfig`), kubeconfig(name), { mode: 0o600 });
}

function makeKey(name: string): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file(`${name}.key`));
}

function makeAuthority(name: string): void {
  makeKey(name);
  openssl(
    ...['req', '-x509', '-new', '-key', file(`${name}.key`), '-subj', `/CN=berth-cluster-${name}`, '-days', '365'],
    ...['-out', file(`${name}.crt`), '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'],
  );
}

function makeCertificate({ name, authority, subject, usage, names }: Certificate): void {
  makeKey(name);
  const request = file(`${name}.csr`);
  const extensions = file(`${name}.ext`);
  openssl('req', '-new', '-key', file(`${name}.key`), '-subj', subject, '-out', request);
  writeFileSync(
    extensions,
    [
      'basicConstraints=CA:FALSE',
      'keyUsage=critical,digitalSignature',
      `extendedKeyUsage=${usage}`,
      ...(names === undefined ? [] : [`subjectAltName=${names}`]),
    ].join('\n'),
  );
  openssl(
    ...['x509', '-req', '-in', request, '-CA', file(`${authority}.crt`), '-CAkey', file(`${authority}.key`)],
    ...['-CAcreateserial', '-days', '365', '-out', file(`${name}.crt`), '-extfile', extensions],
  );
}

function kubeconfig(user: string): string {
  const encoded = (name: string) => readFileSync(file(name)).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'berth',
        cluster: { server: `https://${CONTROL.address}:6443`, 'certificate-authority-data': encoded('ca.crt') },
      },
    ],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': encoded(`${user}.crt`), 'client-key-data': encoded(`${user}.key`) },
      },
    ],
    contexts: [{ name: 'berth', context: { cluster: 'berth', user } }],
    'current-context': 'berth',
  });
}
