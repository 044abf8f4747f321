// Presigned uploads and downloads as the JavaScript SDK makes them. Prints what happened as JSON.
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const { endpoint, bucket, accessKeyId, secretAccessKey } = JSON.parse(process.argv[2]);
const client = new S3Client({
  endpoint,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
});
const key = "from js/é +1.txt";
const body = "hello from JavaScript";
const metadata = { colour: "red" };

const putUrl = await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key, Metadata: metadata }));
const put = await fetch(putUrl, { method: "PUT", body });
const getUrl = await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }));
const get = await fetch(getUrl);
const altered = await fetch(getUrl.replace("from%20js", "from%20us"));

await client.send(new PutObjectCommand({ Bucket: bucket, Key: "sent", Body: body }));
const sent = await client.send(new GetObjectCommand({ Bucket: bucket, Key: "sent" }));

console.log(
  JSON.stringify({
    putUrl,
    put: put.status,
    get: get.status,
    got: await get.text(),
    colour: get.headers.get("x-amz-meta-colour"),
    altered: altered.status,
    sent: await sent.Body.transformToString(),
  }),
);
