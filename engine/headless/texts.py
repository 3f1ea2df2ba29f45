"""What the command line says of its commands: `--help` shows it. Plain text."""

ABOUT = """\
ConvScope is a laboratory for convolutional networks: watch the filters, feature maps and curves of
a network while it learns, and see why it takes a picture for what it does.

Without a command the window opens. The commands do the same without a window."""

EXAMPLES = """\
examples:
  python main.py                                        open the window
  python main.py train --out runs/digits                train on digits and keep the network
  python main.py predict --network runs/digits 7.png    what is on the picture?
  python main.py maps --network runs/digits 7.png --out maps.npz
  python main.py fetch cifar10                          download pictures to train on

exit codes: 0 done, 1 some pictures couldn't be read, 2 an error, said in one sentence on stderr,
130 interrupted by Ctrl-C"""

TRAIN = """\
Train a network, with a progress bar and a line for each epoch. The same settings on the same CPU
give the same network to the last bit. Ctrl-C stops after the step that runs and saves what there
is."""

TRAIN_MORE = """\
networks that come with ConvScope:
{networks}
Your own is a TOML file like those in resources/networks.

With --json every line on stdout is an object:
  {{"event": "epoch", "epoch": 1, "train_loss": ..., "train_accuracy": ..., "val_loss": ...,
   "val_accuracy": ..., "images_per_second": ...}}          after each epoch
  {{"event": "finished", "epochs": ..., "steps": ..., "best_epoch": ..., "val_accuracy": ...,
   "seconds": ..., "device": ..., "out": ...}}              at the end
  {{"event": "error", "message": ...}}                      instead, when something is wrong
and, where there is more to say of the pictures,
  {{"event": "note", "message": ...}}                       such as that a class has too few
  {{"event": "left_out", "picture": ..., "message": ...}}   a picture that can't be read

DIR then holds config.toml, network.json, weights.safetensors and epochs.jsonl; those of a run saved
there before are replaced.

presets, which the other options begin with:
{runs}

examples:
  python main.py train --epochs 5 --out runs/digits
  python main.py train --data dogs-vs-cats.zip --out runs/cats
  python main.py train --data pictures/ --preset cats-dogs-augmented --train 1000 --json
  python main.py train --network digits-small --lr 0.01 --seed 1 --json
  python main.py train --network my-network.toml --device cuda --out runs/mine"""

PREDICT = """\
Print the classes of each picture with their probabilities, the likeliest first. A picture is made
what the network takes: the digits networks see 28x28 grey pixels, light on dark."""

PREDICT_MORE = """\
With --json each picture is one line:
  {"image": ..., "predictions": [{"class": ..., "probability": ...}, ...]}

A picture that can't be read is one sentence on stderr; the others are still predicted, and the exit
code is 1.

examples:
  python main.py predict --network runs/digits seven.png three.jpg
  python main.py predict --network runs/digits --invert scan.png --json"""

MAPS = """\
Write the feature maps that a trained network has of a picture: what each filter of a layer found,
and where."""

MAPS_MORE = """\
FILE.npz holds an array for each tap, unscaled float32 of the shape (maps, height, width).
FILE.png shows the maps of one tap side by side, each scaled to its own range.
A tap is a layer, such as conv1 or pool2, or a conv layer before its activation: conv1.conv.

examples:
  python main.py maps --network runs/digits 7.png --out maps.npz
  python main.py maps --network runs/digits 7.png --tap conv2 --out conv2.png"""

FETCH = """\
Download pictures to train on, check them and make them ready. Without a NAME, list what there is,
with its size and licence. Ctrl-C keeps what came, and the same command goes on from there."""

FETCH_MORE = """\
The files go into a folder of your user data; the environment variable CONVSCOPE_DATA names another.
They and what is made of them take about twice the size of the download.

With --json every line on stdout is an object:
  {"event": "entry", "name": ..., "title": ..., "pictures": ..., "classes": ..., "size_HW": ...,
   "megabytes": ..., "licence": ..., "page": ..., "is_here": ...}   of NAME, or of each
  {"event": "progress", "done": ..., "total": ...}                  in bytes, while it downloads
  {"event": "finished", "name": ..., "pictures": ..., "classes": ..., "problems": ...,
   "folder": ...}                                                   at the end
  {"event": "interrupted", "message": ...}                          instead, after Ctrl-C
  {"event": "error", "message": ...}                                instead, when something is wrong

examples:
  python main.py fetch
  python main.py fetch cifar10
  python main.py train --data cifar10"""

SPLIT = """\
Divide pictures into those to train, to validate and to test with: of each class as many as you say,
chosen at random from SEED, no picture in two of them. Every picture is read once: one that can't be
is listed with the reason and counts for nothing. Identical ones in two subsets are reported."""

SPLIT_MORE = """\
SOURCE is digits, a name that fetch lists, or the path of
  a folder or zip with a folder of pictures for each class, cats/ and dogs/;
  a folder or zip of pictures named as in Dogs vs Cats: cat.0.jpg, dog.0.jpg;
  either of these in folders named train, validation and test;
  a CSV file with the columns path and label, and subset if you like;
  or a manifest that split wrote.
A zip is read in place.

FILE.json becomes a manifest: a list of which picture is where, that train takes as --data.
DIR becomes folders of copies: train/cats, validation/cats, and so on. It must be new or empty.

Without numbers the subsets that SOURCE comes with are taken; else 1000, 500 and 500 of each class.
A class with fewer is divided in the same proportions.

With --json every line on stdout is an object:
  {"event": "read", "done": ..., "total": ...}    up to twenty times; "write" the same for folders
  {"event": "split", "classes": [...], "train": ..., "validation": ..., "test": ...,
   "left_out": ..., "seed": ..., "notes": [...], "problems": [{"name": ..., "sentence": ...}, ...],
   "alike": [[{"name": ..., "subset": ...}, ...], ...], "out": ...}      at the end
  {"event": "error", "message": ...}                    instead, when something is wrong

examples:
  python main.py split dogs-vs-cats.zip --train 1000 --validation 500 --test 500 --out small.json
  python main.py split pictures/ --train rest --validation 100 --seed 1 --out pictures-split
  python main.py train --data small.json"""

TOUR = """\
Drive the real window through what it can do and save a screenshot of each part in DIR. Works
without a display."""
