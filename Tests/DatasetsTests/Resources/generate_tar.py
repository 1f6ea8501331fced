# Writes gnu.tar, pax.tar and ustar.tar beside it: run it in this folder with Pillow installed.
import tarfile, io, json
from PIL import Image
def png(i):
    im=Image.new('L',(5,4)); im.putdata([(i*40+k)%256 for k in range(20)])
    b=io.BytesIO(); im.save(b,'PNG'); return b.getvalue()
def add(t,name,data):
    info=tarfile.TarInfo(name); info.size=len(data); info.mtime=0; t.addfile(info,io.BytesIO(data))
long='a-folder-with-a-name-of-many-letters/'*3
for fmt,name in ((tarfile.GNU_FORMAT,'gnu'),(tarfile.PAX_FORMAT,'pax'),(tarfile.USTAR_FORMAT,'ustar')):
    raw=io.BytesIO()
    t=tarfile.open(fileobj=raw,mode='w',format=fmt)
    d=tarfile.TarInfo('data'); d.type=tarfile.DIRTYPE; t.addfile(d)
    add(t,'data/0000.png',png(0)); add(t,'data/0000.cls',b'cat\n')
    add(t,'data/0001.cls',b'dog'); add(t,'data/0001.png',png(1))
    add(t,'data/0002.json',json.dumps({'label':'cat','weight':0.5,'age':3.25,'tags':['x','y'],'deep':{'a':[1]}}).encode()); add(t,'data/0002.seg.png',b'none'); add(t,'data/0002.PNG',png(2))
    add(t,long+'0003.png',png(3)); add(t,long+'0003.cls',b'dog')
    if fmt!=tarfile.USTAR_FORMAT: add(t,'ünicode 4.png',png(4)); add(t,'ünicode 4.cls','dog'.encode())
    else: add(t,'4.png',png(4)); add(t,'4.cls',b'dog')
    l=tarfile.TarInfo('link'); l.type=tarfile.SYMTYPE; l.linkname='data/0000.png'; t.addfile(l)
    t.close()
    # a smaller record than the usual 10240 bytes
    data=raw.getvalue()
    end=len(data)
    while end>1024 and not any(data[end-1536:end-1024]): end-=512
    open(f'{name}.tar','wb').write(data[:end])
    print(name,len(data),end)
t = tarfile.open('folders.tar', 'w')
add(t, 'cat/1.png', png(0)); add(t, 'dog/2.png', png(1))
t.close()
